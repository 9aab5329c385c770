import assert from 'node:assert/strict';
import { withActions } from '../../../src/model/experiment/computeActions.ts';
import type { ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import { lensLine } from '../../../src/ui/editor/lensLines.ts';
import { Labels } from '../../../src/ui/explorer/labels.ts';

const now = 1_700_000_000_000;
const plain = (message: string, ...args: (string | number)[]) =>
  message.replace(/\{(\d)\}/g, (_, index: string) => String(args[Number(index)]));
const labels = new Labels(plain, 'en', () => now);

function experiment(change: Partial<ExperimentSummary> = {}) {
  const summary = withActions({
    id: 'q7hk2m0x',
    name: 'spirals',
    type: 'hpo',
    status: 'RUNNING',
    live: true,
    engine: 'trialdeck',
    errors: [],
    platform: 'local',
    tuner: 'TPE',
    optimizeMode: 'maximize',
    execDuration: 10,
    durationAt: now,
    trialConcurrency: 2,
    maxTrialNumber: 100,
    counts: { RUNNING: 2, SUCCEEDED: 60, FAILED: 4 },
    best: { trialId: 'a', trialNumber: 31, value: 0.97312, time: now - 1000 },
    directory: '/x',
    ...change,
  });
  return { connectionId: 'local', experimentId: summary.id, summary };
}
const titles = (...experiments: ReturnType<typeof experiment>[]) =>
  lensLine(experiments, labels).map((lens) => lens.title.replace(/\$\([\w~-]+\) /, ''));

describe('the line above a config file', () => {
  it('offers to run and to check', () => {
    assert.deepEqual(titles(), ['Run', 'Validate']);
  });

  it('names NNI as the backend, with the reason', () => {
    const reason = "The embedded manager can't run this config.";
    const byNni = (...experiments: ReturnType<typeof experiment>[]) =>
      lensLine(experiments, labels, { backend: 'nnictl', reason }).filter(({ command }) => command === 'trialdeck.run');
    assert.deepEqual(
      [byNni()[0], byNni(experiment({ status: 'DONE', live: false }))[0]].map((lens) => [lens?.title, lens?.tooltip]),
      [
        ['$(play) Run with nnictl', reason],
        ['$(play) Run Again with nnictl', reason],
      ],
    );
  });

  it('shows the progress of the running experiment, and stops it', () => {
    assert.deepEqual(titles(experiment()), ['spirals running: 64/100 · best 0.9731', 'Open', 'Stop']);
    const stop = lensLine([experiment()], labels).at(-1);
    assert.equal(stop?.command, 'trialdeck.stopExperiment');
    assert.deepEqual(stop?.about, { connectionId: 'local', experimentId: 'q7hk2m0x' });
  });

  it('omits the best value while there is none', () => {
    const { best: _, ...rest } = experiment({ counts: {} }).summary;
    assert.equal(titles({ ...experiment(), summary: rest })[0], 'spirals running: 0/100');
  });

  it('shows the end, and offers to run again', () => {
    const done = experiment({ status: 'DONE', live: false, endTime: now - 12 * 60_000 });
    const ended = ['done 12 min. ago · best 0.9731', 'Open', 'Run Again', 'Validate'];
    assert.deepEqual(titles(done), ended);
    const served = experiment({ status: 'DONE', endTime: now - 12 * 60_000 });
    assert.deepEqual(titles(served), ended);
  });

  it('offers to resume a stopped experiment', () => {
    const stopped = experiment({ status: 'STOPPED', live: false, endTime: now - 3_600_000 });
    assert.deepEqual(titles(stopped), ['stopped 1 hr. ago · best 0.9731', 'Open', 'Run Again', 'Resume', 'Validate']);
  });

  it('shows two running experiments of the file and counts the rest', () => {
    const four = ['a', 'b', 'c', 'd'].map((id) => experiment({ id, name: id }));
    assert.deepEqual(
      titles(...four).filter((title) => title !== 'Open' && title !== 'Stop'),
      ['a running: 64/100 · best 0.9731', 'b running: 64/100 · best 0.9731', '2 more running'],
    );
  });

  it('shows the running experiment when others of the file have ended', () => {
    const lines = titles(experiment(), experiment({ id: 'old', status: 'DONE', live: false }));
    assert.deepEqual(lines, ['spirals running: 64/100 · best 0.9731', 'Open', 'Stop']);
  });

  it('gives the reason of a failure on hover', () => {
    const failed = experiment({ status: 'ERROR', live: false, endTime: now, errors: ['The tuner stopped: bad value'] });
    assert.equal(lensLine([failed], labels)[0]?.tooltip, 'The tuner stopped: bad value');
  });
});
