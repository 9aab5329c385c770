/** Waiting for an experiment's end. Its servers, a real NNI among them, have to be asked now and then. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ExperimentStatus } from '../model/experiment/experiment.ts';
import { stallReason } from '../model/nni/nniLogs.ts';
import { isEnded, type TrialStatus } from '../model/trial/trial.ts';
import { isAlive } from '../system/processTable.ts';
import {
  BadAnswerError,
  ClientError,
  NotFoundError,
  RejectedError,
  StalledError,
  TimeoutError,
  UnreachableError,
} from './errors.ts';
import type { RequestOptions } from './http.ts';

export interface WaitOptions extends RequestOptions {
  /** Told the status at first and when it has changed. */
  onStatus?(status: ExperimentStatus): void;
  /** Milliseconds from one look to the next. Default 1 s; NNI's own client takes 10 s. */
  interval?: number;
}

/** What is asked of an experiment whose end is awaited. */
export interface AwaitedExperiment {
  readonly http: { readonly server: string };
  getExperimentStatus(options: RequestOptions): Promise<{ status: ExperimentStatus }>;
  getJobStatistics(options: RequestOptions): Promise<{ trialJobStatus: TrialStatus; trialJobNumber: number }[]>;
  readExperimentLog(options: RequestOptions & { name: string; maxBytes: number }): Promise<{ text: string }>;
  summary(options: RequestOptions): Promise<{ live: boolean }>;
}

/** Looks in a row at which no trial ran and none came, after which a real NNI's logs are read. */
const quietLooks = 10;
/** The end of a log that is read, in bytes. */
const logEnd = 64 * 1024;
/** Milliseconds an experiment may take to end, as nnictl waits, and from one look to the next. */
const patience = 60_000;
const endInterval = 100;

/** See `ExperimentApi.waitCompletion`. */
export async function waitCompletion(experiment: AwaitedExperiment, options: WaitOptions): Promise<boolean> {
  const { signal, interval = 1000 } = options;
  let last: ExperimentStatus | undefined;
  let quiet = 0;
  let ended = -1;
  for (;;) {
    const { status } = await experiment.getExperimentStatus({ signal });
    if (status !== last) options.onStatus?.(status);
    last = status;
    if (status === 'DONE' || status === 'STOPPED' || status === 'VIEWED') return true;
    if (status === 'ERROR') return false;
    if (status === 'RUNNING' || status === 'TUNER_NO_MORE_TRIAL') {
      const counts = await experiment.getJobStatistics({ signal });
      const active = counts.some((count) => !isEnded(count.trialJobStatus) && count.trialJobNumber > 0);
      const now = counts.reduce((sum, count) => sum + count.trialJobNumber, 0);
      if (!active && status === 'TUNER_NO_MORE_TRIAL') return true;
      quiet = active || now !== ended ? 0 : quiet + 1;
      ended = now;
      if (quiet >= quietLooks && quiet % quietLooks === 0) await refuseStalled(experiment, signal);
    }
    await pause(interval, signal);
  }
}

/** @throws StalledError when the logs tell that the tuner is dead */
async function refuseStalled(experiment: AwaitedExperiment, signal: AbortSignal | undefined): Promise<void> {
  const read = async (name: string) => {
    try {
      return (await experiment.readExperimentLog({ name, maxBytes: logEnd, signal })).text;
    } catch (error) {
      // Only a real NNI has a log of its dispatcher.
      if (error instanceof NotFoundError || error instanceof RejectedError || error instanceof BadAnswerError)
        return '';
      throw error;
    }
  };
  const reason = stallReason({ dispatcher: await read('dispatcher.log'), manager: await read('nnimanager.log') });
  if (reason === undefined) return;
  const { server } = experiment.http;
  throw new StalledError({ task: 'wait for the end', server }, reason);
}

/**
 * Resolves when an experiment that was asked to stop is gone: nothing answers any more, or a manager says that it does not live, and
 * the process, where it is known and one of this machine, has ended.
 */
export async function untilEnded(
  experiment: AwaitedExperiment,
  { task, pid, signal }: { task: string; pid?: number | undefined; signal?: AbortSignal | undefined },
): Promise<void> {
  const deadline = Date.now() + patience;
  while ((await answers(experiment, signal)) || (pid !== undefined && isAlive(pid))) {
    if (Date.now() > deadline) throw new TimeoutError({ task, server: experiment.http.server }, patience / 1000);
    await pause(endInterval, signal);
  }
}

async function answers(experiment: AwaitedExperiment, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const { live } = await experiment.summary({ signal });
    return live;
  } catch (error) {
    if (error instanceof UnreachableError) return false;
    // A real NNI has no summary; as long as it says so, it is there.
    if (error instanceof ClientError) return true;
    throw error;
  }
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(milliseconds, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
}
