/** A provider lists experiments of one kind and answers for each of them. The folder of NNI's and our own runs is the first. */
import type { ExperimentSummary } from '../../model/experiment/experiment.ts';
import type { ExperimentSource } from '../../server/sources/source.ts';
import type { LaunchRequest } from '../../wire/routes.ts';
import type { Launched, ManagerChange } from '../../wire/schemas/manager.ts';

export interface ExperimentProvider {
  /** Reads the experiments and follows them until {@link dispose}. Throws StorageError when the place can't be used. */
  open(): Promise<void>;
  list(): ExperimentSummary[];
  summary(id: string): ExperimentSummary | undefined;
  /** Faults that keep the list incomplete, in words for a person. */
  warnings(): string[];
  listen(listener: (change: ManagerChange) => void): { dispose(): void };
  /** The process that answers for the experiment. Undefined where this process answers, from {@link source}. */
  process(id: string): ExperimentProcess | undefined;
  /** The experiment as this process reads it; undefined for an unknown id. Throws StorageError. */
  source(id: string): ExperimentSource | undefined;
  /** Starts, resumes or views an experiment; absent where that is not possible. Throws an HttpError. */
  launch?(request: LaunchRequest): Promise<Launched>;
  /** Deletes an experiment that no process runs, with its files. Throws an HttpError. */
  delete(id: string): Promise<void>;
  dispose(): void;
}

/** A process on this machine that serves one experiment. */
export type ExperimentProcess =
  | { kind: 'runner'; port: number; token: string | undefined }
  /** NNI's own manager; `prefix` precedes every path and is empty or begins with a slash. */
  | { kind: 'nni'; port: number; prefix: string };
