/** Deleting several experiments at once, and those that can not be deleted from here. */
import assert from 'node:assert/strict';
import type { MessageOptions } from 'vscode';
import type { ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import { deleteExperiment } from '../../../src/ui/commands/deleteExperiment.ts';
import { answer, reference, runningExperiment, world } from './fakes.ts';

describe('deleting experiments', () => {
  let dialogs: ReturnType<typeof answer> | undefined;
  const answering = (answers: Parameters<typeof answer>[0]) => {
    dialogs = answer(answers);
    return dialogs.asked;
  };
  afterEach(() => dialogs?.restore());

  /** A store with these; those named in `kept` can't be deleted. */
  function worldOf(experiments: ExperimentSummary[], kept: string[] = []) {
    const [first] = experiments;
    assert.ok(first);
    const made = world(first);
    Object.assign(made.services.store, {
      summary: (_connection: string, id: string) => experiments.find((experiment) => experiment.id === id),
      delete: async (_connection: string, id: string) => {
        if (kept.includes(id)) throw new Error(`The files of ${id} are in use.`);
        made.calls.push(['delete', id]);
      },
    });
    return { ...made, nodes: experiments.map(({ id }) => ({ connectionId: 'local', experimentId: id })) };
  }
  const stopped = (id: string) => runningExperiment({ id, name: `the ${id}`, live: false, status: 'STOPPED' });

  it('asks once for all selected experiments, names each, and leaves out the running ones', async () => {
    const experiments = [stopped('exp1'), stopped('exp2'), runningExperiment({ id: 'exp3', name: 'the running' })];
    const { services, calls, nodes } = worldOf(experiments);
    const asked = answering({ showWarningMessage: () => 'Delete' });
    await deleteExperiment(services, nodes[0], nodes);
    assert.equal(asked.length, 1);
    assert.equal(asked[0]?.[1], 'Delete 2 experiments?');
    const { detail = '', modal } = (asked[0]?.[2] ?? {}) as MessageOptions;
    assert.equal(modal, true);
    assert.match(detail, /the exp1 \(exp1\)[\s\S]*the exp2 \(exp2\)/);
    assert.doesNotMatch(detail, /the running/);
    assert.deepEqual(
      calls.filter(([name]) => name === 'delete'),
      [
        ['delete', 'exp1'],
        ['delete', 'exp2'],
      ],
    );
  });

  it('reports an experiment it cannot delete, keeps its panel, and deletes the others', async () => {
    const { services, calls, nodes } = worldOf([stopped('exp1'), stopped('exp2')], ['exp1']);
    answering({ showWarningMessage: () => 'Delete' });
    await assert.rejects(deleteExperiment(services, nodes[0], nodes), /The files of exp1 are in use/);
    assert.deepEqual(calls, [
      ['delete', 'exp2'],
      ['closePanel', 'local', 'exp2'],
    ]);
  });

  it('is refused with advice when the experiment runs, or when its files are elsewhere', async () => {
    const asked = answering({ showWarningMessage: () => 'Delete' });
    await assert.rejects(deleteExperiment(world(runningExperiment()).services, reference), {
      name: 'Refusal',
      message: 'spirals is running. Stop it first.',
    });
    const elsewhere = world(runningExperiment({ live: false, status: 'STOPPED', standalone: true }));
    await assert.rejects(deleteExperiment(elsewhere.services, reference), /delete it on its machine/);
    await assert.rejects(deleteExperiment(world(runningExperiment()).services), /no stopped experiment to delete/);
    assert.deepEqual(asked, []);
  });
});
