/** The part of a runner that holds trials: the experiment's database, its journal, and the trials over one training service. */
import { join } from 'node:path';
import { unwrapMetricData } from '../../../src/model/trial/metric.ts';
import type { MetricType, TrialRow } from '../../../src/model/trial/trial.ts';
import { RunnerEvents } from '../../../src/runner/events.ts';
import { findProcesses, readPast } from '../../../src/runner/trials/resume.ts';
import type { Trial } from '../../../src/runner/trials/trial.ts';
import { TrialRuns, type TrialRunsOptions } from '../../../src/runner/trials/trialRuns.ts';
import { silentLogger } from '../../../src/server/log.ts';
import { ExperimentDatabase } from '../../../src/server/storage/experimentDatabase.ts';
import { ExperimentState } from '../../../src/server/storage/experimentState.ts';
import { Journal } from '../../../src/server/storage/journal.ts';
import { applyBatch, storeBatch } from '../../../src/server/storage/storeBatch.ts';

export class ContractRunner {
  readonly runs: TrialRuns;
  readonly state = new ExperimentState('maximize');
  /** Reasons for which trials could not be started. */
  readonly broken: string[] = [];
  readonly #database: ExperimentDatabase;
  readonly #journal: Journal;
  readonly #events = new RunnerEvents();
  /** Batches wait while the database can't be written. */
  #isLocked = false;
  #isKilled = false;
  #waiters: (() => void)[] = [];

  private constructor(folder: string, parts: Pick<TrialRunsOptions, 'createService' | 'createChannel'>) {
    this.#database = ExperimentDatabase.openWritable(join(folder, 'db', 'nni.sqlite'));
    this.#database.replayInto(this.state);
    this.#journal = new Journal({
      store: (batch) => {
        if (this.#isLocked) throw new Error('the database is locked');
        return storeBatch(this.#database, batch);
      },
      apply: (batch) => {
        applyBatch(this.state, batch);
        this.#notify();
      },
    });
    this.#events.on('trialEnded', () => this.#notify());
    this.#events.on('trialsBroken', (reason) => this.broken.push(reason));
    this.#events.on('roomChanged', () => this.#notify());
    this.runs = new TrialRuns({
      ...parts,
      journal: this.#journal,
      log: silentLogger,
      maxTrialDuration: undefined,
      events: this.#events,
    });
  }

  /** Opens the experiment in the folder, and takes over the trials of an earlier runner. */
  static async open(
    folder: string,
    parts: Pick<TrialRunsOptions, 'createService' | 'createChannel'>,
  ): Promise<ContractRunner> {
    const runner = new ContractRunner(folder, parts);
    await runner.runs.service.prepare();
    const runs = runner.#database.runs();
    const stored = runner.state
      .rows()
      .map((row) => ({ row, record: runner.state.record(row.id), stored: runs.get(row.id), reports: () => [] }));
    const { waiting, adopt } = await findProcesses(readPast(stored).unfinished, runner.runs.service);
    for (const trial of adopt) await runner.runs.adopt(trial);
    for (const trial of waiting) runner.runs.start(trial);
    return runner;
  }

  /** Stores a trial that waits. */
  accept(number: number): Trial {
    const record = { parameter_id: number, parameter_source: 'algorithm', parameters: {}, parameter_index: 0 } as const;
    const trial = { id: `trial${number}`, number, record };
    const event = { timestamp: Date.now(), trialJobId: trial.id, event: 'WAITING', data: JSON.stringify(record) };
    this.#journal.write({ events: [{ ...event, sequenceId: number }] });
    return trial;
  }

  start(number: number): void {
    this.runs.start(this.accept(number));
  }

  row(number: number): TrialRow {
    const row = this.state.row(`trial${number}`);
    if (!row) throw new Error(`There is no trial ${number}.`);
    return row;
  }

  /** The values a trial reported, in order. */
  values(number: number, type?: MetricType): string[] {
    return this.state.metrics(`trial${number}`, type).map(({ data }) => unwrapMetricData(data));
  }

  /** Resolves as soon as the condition holds; it is checked after each stored batch. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  untilStatus(number: number, status: string): Promise<void> {
    return this.until(() => this.row(number).status === status);
  }

  /** From now on nothing is stored, as when another program locks the database. */
  lockDatabase(): void {
    this.#isLocked = true;
  }

  /** Ends as a killed runner does: nothing is stopped, and nothing more is stored. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    this.lockDatabase();
    await this.runs.dispose();
    this.#journal.dispose();
    this.#database.close();
  }

  /** Stops all trials, unless it was killed. */
  async stop(): Promise<void> {
    if (this.#isKilled) return;
    await this.runs.cancelAll({ status: 'USER_CANCELED', message: 'stopped with the experiment' });
    await this.kill();
  }

  #notify(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
