/** Writes an experiment with thousands of trials in the form in which the real NNI stores it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ManifestEntry } from '../../src/model/experiment/experiment.ts';
import { wrapMetricData } from '../../src/model/trial/metric.ts';
import { experimentLayout } from '../../src/server/storage/layout.ts';
import { runnerConfig } from '../harness/runnerProcess.ts';
import { trials } from './contenders.ts';

export const trialCount = 10_000;
/** The last one is the final result. */
export const metricsPerTrial = 20;
const parameters = ['lr', 'momentum', 'dropout', 'decay', 'warmup'];

/** NNI's own tables and indexes (ts/nni_manager/core/sqlDatabase.ts). */
const schema = `
CREATE TABLE TrialJobEvent (timestamp integer, trialJobId text, event text, data text, logPath text, sequenceId integer, message text, environmentId text);
CREATE INDEX TrialJobEvent_trialJobId ON TrialJobEvent(trialJobId);
CREATE INDEX TrialJobEvent_event ON TrialJobEvent(event);
CREATE TABLE MetricData (timestamp integer, trialJobId text, parameterId text, type text, sequence integer, data text);
CREATE INDEX MetricData_trialJobId ON MetricData(trialJobId);
CREATE INDEX MetricData_type ON MetricData(type);
CREATE TABLE ExperimentProfile (params text, id text, execDuration integer, startTime integer, endTime integer, logDir text, nextSequenceId integer, revision integer);
CREATE INDEX ExperimentProfile_id ON ExperimentProfile(id);
`;

/**
 * Stores a stopped experiment `id` in `home`, for `nnictl view` and `nnictl resume`. Resumed, it runs one trial after another, each
 * reporting now and then.
 */
export async function storeLargeNniExperiment(home: string, id: string): Promise<void> {
  const experiments = join(home, 'nni-experiments');
  const directory = experimentLayout.directory(experiments, id);
  const database = experimentLayout.database(directory);
  await mkdir(dirname(database), { recursive: true });
  await mkdir(experimentLayout.logs(directory), { recursive: true });
  await mkdir(experimentLayout.checkpoint(directory), { recursive: true });
  const startTime = Date.now() - 100 * trialCount;
  const params = {
    ...runnerConfig(experiments, {
      experimentName: 'large',
      trialCommand: 'exec python3 steady.py',
      trialCodeDirectory: trials,
      trialConcurrency: 2,
      maxTrialNumber: 2 * trialCount,
      searchSpace: Object.fromEntries(parameters.map((name) => [name, { _type: 'uniform', _value: [0, 1] }])),
    }),
  };
  const db = new DatabaseSync(database);
  db.exec(schema);
  db.exec('BEGIN');
  const event = db.prepare('INSERT INTO TrialJobEvent VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const metric = db.prepare('INSERT INTO MetricData VALUES (?, ?, ?, ?, ?, ?)');
  for (let number = 0; number < trialCount; number++) {
    const trialId = `T${String(number).padStart(5, '0')}`;
    const from = startTime + 100 * number;
    const path = experimentLayout.trial(directory, trialId);
    // Numbers with as many digits as real ones.
    const value = (step: number) => Math.abs(Math.sin(number + step / metricsPerTrial));
    const record = {
      parameter_id: number,
      parameter_source: 'algorithm',
      parameters: Object.fromEntries(parameters.map((name, index) => [name, value(index)])),
      parameter_index: 0,
    };
    event.run(from, trialId, 'RUNNING', JSON.stringify(record), path, number, null, 'local-env');
    for (let step = 0; step < metricsPerTrial; step++) {
      const last = step === metricsPerTrial - 1;
      const text = wrapMetricData(String(value(step)));
      metric.run(from + 2 + step, trialId, String(number), last ? 'FINAL' : 'PERIODICAL', last ? 0 : step, text);
    }
    event.run(from + 50, trialId, 'SUCCEEDED', null, path, number, null, 'local-env');
  }
  db.prepare('INSERT INTO ExperimentProfile VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
    JSON.stringify(params),
    id,
    trialCount / 10,
    startTime,
    null,
    directory,
    trialCount,
    1,
  );
  db.exec('COMMIT');
  db.close();
  const entry: ManifestEntry = {
    id,
    port: 8080,
    startTime,
    endTime: Date.now(),
    status: 'STOPPED',
    platform: 'local',
    experimentName: 'large',
    tag: [],
    pid: 0,
    webuiUrl: [],
    logDir: experiments,
    prefixUrl: null,
  };
  await writeFile(join(experiments, '.experiment'), JSON.stringify({ [id]: entry }, undefined, 4));
}
