import assert from 'node:assert/strict';
import { canDo, possibleActions, whyNot } from '../../../src/model/experiment/actions.ts';
import { completeActions, withoutManager } from '../../../src/model/experiment/computeActions.ts';
import { experimentStatuses } from '../../../src/model/experiment/experiment.ts';
import { summarySchema } from '../../../src/wire/schemas/experiment.ts';
import { parse } from '../../../src/wire/schemas/schema.ts';
import { summary } from '../../fixtures/builders.ts';

const counts = { SUCCEEDED: 3, FAILED: 1 };
const possible = (changes: Parameters<typeof summary>[0]) => possibleActions(summary({ counts, ...changes })).join(' ');

describe('the actions of an experiment', () => {
  it('depend on its state', () => {
    const running = 'open export stop update addTrial retryFailed killTrial importData tensorBoard';
    assert.equal(possible({ status: 'RUNNING', live: true }), running);
    assert.equal(possible({ status: 'DONE', live: true }), running);
    assert.equal(
      possible({ status: 'RUNNING', live: true, engine: 'nni' }),
      `${running} portal dispatcherLog`,
      'NNI has a web page and a log of its tuner',
    );
    assert.equal(
      possible({ counts: { WAITING: 1 } }),
      'open export stop update addTrial killTrial importData',
      'no trial has started, none has failed',
    );
    assert.equal(possible({ status: 'ERROR' }), 'open export stop restart killTrial tensorBoard');
    assert.equal(possible({ errors: ['The tuner has died.'] }), running.replace('stop', 'stop restart'));
    assert.equal(possible({ status: 'STOPPING' }), 'open export killTrial tensorBoard');
    assert.equal(possible({ status: 'VIEWED' }), 'open export stop tensorBoard');
    assert.equal(possible({ status: 'STOPPED', live: false }), 'open export resume delete tensorBoard');
  });

  it('leave out resuming and custom trials for an architecture search', () => {
    for (const status of experimentStatuses) {
      for (const live of [true, false]) {
        const nas = summary({ status, live, type: 'nas', engine: 'nni', counts });
        for (const action of ['resume', 'restart', 'addTrial', 'retryFailed', 'importData', 'tensorBoard'] as const) {
          assert.ok(!canDo(nas, action), `${action} ${status}`);
        }
        assert.equal(canDo(nas, 'delete'), !live, status);
      }
    }
    const stopped = summary({ status: 'STOPPED', live: false, type: 'nas' });
    assert.equal(whyNot(stopped, 'resume'), 'architectureSearch');
  });

  it('have a reason where they are not possible', () => {
    assert.equal(whyNot(summary(), 'stop'), undefined);
    const reasons: [Parameters<typeof summary>[0], Parameters<typeof whyNot>[1], string][] = [
      [{ status: 'STOPPING' }, 'stop', 'stopping'],
      [{ status: 'STOPPED', live: false }, 'stop', 'notRunning'],
      [{}, 'resume', 'running'],
      [{ status: 'VIEWED' }, 'resume', 'viewed'],
      [{}, 'delete', 'running'],
      [{ status: 'STOPPED', live: false, standalone: true }, 'delete', 'standalone'],
      [{ status: 'VIEWED' }, 'update', 'viewed'],
      [{ status: 'ERROR' }, 'addTrial', 'failed'],
      [{}, 'retryFailed', 'noFailedTrials'],
      [{}, 'restart', 'notStalled'],
      [{}, 'tensorBoard', 'noTrials'],
      [{}, 'portal', 'notNni'],
      [{ engine: 'nni', status: 'STOPPED', live: false }, 'portal', 'notRunning'],
    ];
    for (const [changes, action, reason] of reasons) assert.equal(whyNot(summary(changes), action), reason, action);
  });

  it('without a manager leave out what only a manager can do', () => {
    const stopped = withoutManager(summary({ status: 'STOPPED', live: false }));
    assert.deepEqual(
      (['resume', 'delete', 'open'] as const).map((action) => whyNot(stopped, action)),
      ['standalone', 'standalone', undefined],
    );
    assert.equal(whyNot(withoutManager(summary()), 'delete'), 'running', 'the first reason stays');
  });

  it('are computed for a server of version 0.1.0, which sends none', () => {
    const { actions, ...old } = summary({ counts });
    assert.deepEqual(completeActions(old).actions, actions);
    assert.deepEqual(parse(summarySchema, old)?.actions, actions);
  });

  it('are taken from the server that computed them', () => {
    const sent = { ...summary(), actions: { open: true, stop: 'viewed', fly: true, delete: 'tooHeavy' } };
    assert.deepEqual(parse(summarySchema, sent)?.actions, { open: true, stop: 'viewed', delete: 'unsupported' });
  });

  it('are only to view and to export for an unknown engine, whatever its server offers', () => {
    const sent = { ...summary(), engine: 'other', actions: { open: true, export: true, stop: true, delete: true } };
    const { actions: _, ...old } = sent;
    for (const record of [sent, old]) {
      const seen = parse(summarySchema, record);
      assert.ok(seen);
      assert.equal(seen.engine, 'other');
      assert.deepEqual(possibleActions(seen), ['open', 'export']);
      assert.equal(whyNot(seen, 'stop'), 'unsupported');
    }
  });
});
