/** What happens in a runner, as typed events: the parts that cause something need not know the parts that act on it. */
import { EventEmitter } from 'node:events';
import type { ExperimentStatus } from '../model/experiment/experiment.ts';
import type { MetricType } from '../model/trial/trial.ts';
import type { LogPosition } from '../server/storage/logPosition.ts';
import type { Trial } from './trials/trial.ts';
import type { Verdict } from './trials/verdict.ts';

/** A metric of a trial that is stored. */
export interface StoredReport {
  type: MetricType;
  /** NNI's sequence of the metric: 0 for a trial's first intermediate result. */
  step: number;
  /** JSON text of the value. */
  text: string;
  at: LogPosition;
}

export interface RunnerEventMap {
  statusChanged: [status: ExperimentStatus];
  /** The metrics are stored. */
  trialReported: [trial: Trial, reports: readonly StoredReport[]];
  /** The trial is over, and that is stored at this place of the log. */
  trialEnded: [trial: Trial, verdict: Verdict, at: LogPosition];
  /** The training service may start another trial, for another reason than the end of one. */
  roomChanged: [];
  /** No trial can be started, for a reason that a person must remove. */
  trialsBroken: [reason: string];
}

export class RunnerEvents extends EventEmitter<RunnerEventMap> {}
