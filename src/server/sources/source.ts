/** One experiment for the routes that read it: in a runner, in a stored database, or from the manifest alone. */
import { basename } from 'node:path';
import type { BestResult } from '../../model/experiment/bestResult.ts';
import type { ExperimentProfile, ExperimentSummary, ManifestEntry } from '../../model/experiment/experiment.ts';
import type { TrialTotals } from '../../model/experiment/summary.ts';
import type { MetricColumns } from '../../model/trial/metric.ts';
import type {
  MetricDataRecord,
  MetricType,
  Parameters,
  TrialJobInfo,
  TrialRow,
  TrialStatus,
} from '../../model/trial/trial.ts';
import type { ChangeStream } from './changes.ts';
import type { TrialFiles } from './trialFiles.ts';

export interface ExperimentSource {
  /** The experiment's own folder. */
  readonly directory: string;
  readonly trials: TrialView;
  readonly changes: ChangeStream;
  profile(): ExperimentProfile;
  summary(): ExperimentSummary;
  /** Texts of the imported results, one per import, as NNI stores them. */
  imported(): readonly string[];
  /** The trial's folders on this machine, for programs that read folders themselves. */
  trialDirectory(trialId: string): string;
  files(trialId: string): TrialFiles;
  /** All entries of NNI's manifest. */
  manifest(): Promise<ManifestEntry[]>;
}

/** The trials of an experiment and their metrics, in the shapes that NNI's routes and ours send. */
export interface TrialView {
  readonly size: number;
  has(trialId: string): boolean;
  row(trialId: string): TrialRow | undefined;
  /** In order of the first event. */
  rows(): TrialRow[];
  /** NNI's `trial-jobs`, in order of the first event. */
  jobs(status?: string): TrialJobInfo[];
  job(trialId: string): TrialJobInfo | undefined;
  /** NNI's `metric-data`: of all trials in order of arrival, or of one trial in order of time. */
  metrics(trialId?: string, type?: MetricType): MetricDataRecord[];
  /** NNI's `metric-data-range`: metrics of trials numbered `min` to `max`, both included, in order of arrival. */
  metricRange(min: number, max: number): MetricDataRecord[];
  /** NNI's `metric-data-latest`: all final results, then each trial's newest intermediate one. */
  latestMetrics(): MetricDataRecord[];
  readonly metricCount: number;
  /** Metrics as columns, in order of arrival: all of them, or those from index `from` to before `to`. */
  columns(from?: number, to?: number): MetricColumns;
  /** Number of trials per state; states without trials are absent. */
  counts(): Partial<Record<TrialStatus, number>>;
  readonly best: BestResult | undefined;
  /** NNI's `job-statistics`: states that occur, in order of first occurrence. */
  statistics(): { trialJobStatus: TrialStatus; trialJobNumber: number }[];
  /** NNI's `export-data`: succeeded trials with a final result. `value` is the result's text. */
  exportData(): { parameter: Parameters; value: string; trialJobId: string }[];
}

/** The part of a summary that comes from the trials. */
export function totalsOf(trials: Pick<TrialView, 'counts' | 'best'>): TrialTotals {
  return { counts: trials.counts(), best: trials.best };
}

/** Whether an id names a trial and can be a folder's name. A foreign database may hold ids that are paths. */
export function hasTrialFolder({ trials }: Pick<ExperimentSource, 'trials'>, id: string): boolean {
  return basename(id) === id && !id.startsWith('.') && trials.has(id);
}
