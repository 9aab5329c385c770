import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { readSnapshot as readLinesOfSnapshot } from '../../../src/client/follow/snapshotText.ts';
import type { ExperimentSnapshot } from '../../../src/model/experiment/experiment.ts';
import { snapshotLines, snapshotOf } from '../../../src/server/rest/snapshot.ts';
import { ChangeStream } from '../../../src/server/sources/changes.ts';
import type { ExperimentSource } from '../../../src/server/sources/source.ts';
import { ExperimentState } from '../../../src/server/storage/experimentState.ts';
import { readLines } from '../../../src/wire/lineReader.ts';
import { BodyError } from '../../../src/wire/readBody.ts';
import { summary } from '../../fixtures/builders.ts';

const readSnapshot = (text: string, signal?: AbortSignal) =>
  readLinesOfSnapshot(readLines(Readable.from([Buffer.from(text)])), signal);

const trialCount = 1001;
const metricsPerTrial = 5;

function sourceOf(state: ExperimentState): ExperimentSource {
  const params = { searchSpace: {}, trialCommand: 'true' } as unknown as ExperimentSnapshot['config'];
  return {
    trials: state,
    imported: () => [],
    changes: new ChangeStream(),
    directory: '/experiments/exp1',
    summary: () => summary(),
    profile: () => ({ params, id: 'exp1', execDuration: 0, logDir: '', nextSequenceId: 0, revision: 0 }),
    trialDirectory: (id) => id,
    files: () => assert.fail('not needed'),
    manifest: async () => [],
  };
}

function metric(state: ExperimentState, number: number, sequence: number): void {
  const data = JSON.stringify(`${number}.${sequence}`);
  const trialJobId = `t${number}`;
  state.applyMetric({ timestamp: sequence, trialJobId, parameterId: null, type: 'PERIODICAL', sequence, data });
}

/** Metrics as a reader sees them, whatever index their trial has. */
function points({ metrics }: ExperimentSnapshot): unknown[] {
  return metrics.data.map((data, point) => [
    metrics.trialIds[metrics.trial[point] ?? -1],
    metrics.type[point],
    metrics.sequence[point],
    metrics.timestamp[point],
    data,
  ]);
}

describe('a snapshot line by line', () => {
  let state: ExperimentState;
  let source: ExperimentSource;

  beforeEach(() => {
    state = new ExperimentState('maximize');
    for (let number = 0; number < trialCount; number++) {
      state.applyEvent({ timestamp: number, trialJobId: `t${number}`, event: 'RUNNING', sequenceId: number });
    }
    for (let sequence = 0; sequence < metricsPerTrial; sequence++) {
      for (let number = 0; number < trialCount; number++) metric(state, number, sequence);
    }
    source = sourceOf(state);
  });

  it('equals the whole snapshot, in short lines for any number of trials', async () => {
    const lines: string[] = [];
    for await (const line of snapshotLines(source)) lines.push(line);
    const whole = snapshotOf(source);
    const found = (await readSnapshot(lines.join(''))) ?? assert.fail();
    assert.deepEqual({ ...found, metrics: undefined }, { ...whole, metrics: undefined });
    assert.deepEqual(points(found), points(whole));
    assert.equal(points(found).length, trialCount * metricsPerTrial);
    const longest = Math.max(...lines.map(({ length }) => length));
    assert.ok(longest < JSON.stringify(whole).length / 3, `${longest} characters`);
  });

  it('has one revision, whatever happens while it is written', async () => {
    const before = structuredClone(snapshotOf(source));
    let text = '';
    for await (const line of snapshotLines(source)) {
      if (text === '') {
        state.applyEvent({ timestamp: 1, trialJobId: 't1000', event: 'SUCCEEDED' });
        state.applyEvent({ timestamp: 1, trialJobId: 'late', event: 'WAITING' });
        metric(state, 1000, metricsPerTrial);
      }
      text += line;
    }
    const found = (await readSnapshot(text)) ?? assert.fail();
    assert.deepEqual(found.trials, before.trials);
    assert.deepEqual(points(found), points(before));
  });

  it('lets other work run, ends when its reader leaves, and may come whole', async () => {
    const whole = snapshotOf(source);
    assert.deepEqual(points((await readSnapshot(JSON.stringify(whole))) ?? assert.fail()), points(whole));
    let text = '';
    for await (const line of snapshotLines(source)) text += line;
    const controller = new AbortController();
    setImmediate(() => controller.abort(new Error('not wanted')));
    await assert.rejects(readSnapshot(text, controller.signal), /not wanted/);
    await assert.rejects(readSnapshot(text.slice(0, -10)), BodyError);
    assert.equal(await readSnapshot('{"session": 1}\n'), undefined);
  });
});
