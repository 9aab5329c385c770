/** Measures a window that opens an experiment of ten thousand trials, one of which reports a hundred numbers a second. */
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { nodeOptions } from '../../scripts/build.ts';
import { projectRoot } from '../../scripts/folders.ts';
import { wrapMetricData } from '../../src/model/trial/metric.ts';
import { ExperimentDatabase } from '../../src/server/storage/experimentDatabase.ts';
import { experimentLayout } from '../../src/server/storage/layout.ts';
import { runnerConfig } from '../harness/runnerProcess.ts';
import { trials } from './contenders.ts';
import type { Blocked } from './windowProcess.ts';

const trialCount = 10_000;
const metricsPerTrial = 20;
const id = 'large';

/** Runs the experiment in `home`. The home's owner ends the manager and the runner. */
export async function openLargeExperiment(home: string, managerScript: string): Promise<Blocked> {
  const experiments = join(home, 'nni-experiments');
  storeExperiment(experiments);
  // Use a bundle, as the extension does: loading the code is part of the work.
  const outfile = join(home, 'window.cjs');
  const entry = join(projectRoot, 'test/bench/windowProcess.ts');
  await build({ ...nodeOptions, entryPoints: [entry], outfile });
  const env = { ...process.env, HOME: home };
  const { stdout } = await execa(process.execPath, [outfile, experiments, managerScript, id], { env });
  return JSON.parse(stdout) as Blocked;
}

function storeExperiment(experiments: string): void {
  const directory = experimentLayout.directory(experiments, id);
  const parameters = ['lr', 'momentum', 'dropout', 'decay', 'warmup'];
  const params = {
    ...runnerConfig(experiments, {
      trialCommand: 'exec python3 stream.py',
      trialCodeDirectory: trials,
      maxTrialNumber: trialCount + 1,
      searchSpace: Object.fromEntries(parameters.map((name) => [name, { _type: 'uniform', _value: [0, 1] }])),
    }),
  };
  const startTime = Date.now() - 100 * trialCount;
  const database = ExperimentDatabase.openWritable(experimentLayout.database(directory));
  database.transaction(() => {
    database.setMeta('engine', 'trialdeck');
    database.storeProfile({
      params,
      id,
      execDuration: trialCount / 10,
      startTime,
      endTime: Date.now(),
      logDir: directory,
      nextSequenceId: trialCount,
      revision: 1,
    });
    for (let number = 0; number < trialCount; number++)
      storeTrial(database, number, startTime + 100 * number, parameters);
  });
  database.close();
}

function storeTrial(database: ExperimentDatabase, number: number, from: number, names: string[]): void {
  const trialJobId = `T${String(number).padStart(5, '0')}`;
  // Numbers with as many digits as real ones.
  const value = (step: number) => Math.abs(Math.sin(number + step / metricsPerTrial));
  const record = {
    parameter_id: number,
    parameter_source: 'algorithm',
    parameters: Object.fromEntries(names.map((name, index) => [name, value(index)])),
    parameter_index: 0,
  };
  database.storeEvent({
    timestamp: from,
    trialJobId,
    event: 'WAITING',
    data: JSON.stringify(record),
    sequenceId: number,
  });
  database.storeEvent({ timestamp: from + 1, trialJobId, event: 'RUNNING' });
  for (let step = 0; step < metricsPerTrial; step++) {
    const last = step === metricsPerTrial - 1;
    database.storeMetric({
      timestamp: from + 2 + step,
      trialJobId,
      parameterId: String(number),
      type: last ? 'FINAL' : 'PERIODICAL',
      sequence: last ? 0 : step,
      data: wrapMetricData(String(value(step))),
    });
  }
  database.storeEvent({ timestamp: from + 50, trialJobId, event: 'SUCCEEDED' });
}
