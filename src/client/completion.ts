/** Waits for an experiment's end by polling: a real NNI announces nothing. */
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
  /** Called with the first status, and with each new one. */
  onStatus?(status: ExperimentStatus): void;
  /** Milliseconds between polls. Default 1 s; NNI's own client takes 10 s. */
  interval?: number;
}

/** The requests that waiting for an end needs. */
export interface AwaitedExperiment {
  readonly http: { readonly server: string };
  getExperimentStatus(options: RequestOptions): Promise<{ status: ExperimentStatus }>;
  getJobStatistics(options: RequestOptions): Promise<{ trialJobStatus: TrialStatus; trialJobNumber: number }[]>;
  readExperimentLog(options: RequestOptions & { name: string; maxBytes: number }): Promise<{ text: string }>;
  summary(options: RequestOptions): Promise<{ live: boolean }>;
}

/** Polls in a row without a running or new trial, after which a real NNI's logs are read. */
const maxQuietPolls = 10;
/** Only the end of a log is read. */
const maxLogBytes = 64 * 1024;
/** An experiment may take this long to end; nnictl waits as long. */
const endTimeoutMs = 60_000;
const endIntervalMs = 100;

/** See `ExperimentApi.waitCompletion`. */
export async function waitCompletion(experiment: AwaitedExperiment, options: WaitOptions): Promise<boolean> {
  const { signal, interval: intervalMs = 1000 } = options;
  let last: ExperimentStatus | undefined;
  let quietPolls = 0;
  let lastTotal = -1;
  for (;;) {
    const { status } = await experiment.getExperimentStatus({ signal });
    if (status !== last) options.onStatus?.(status);
    last = status;
    if (status === 'DONE' || status === 'STOPPED' || status === 'VIEWED') return true;
    if (status === 'ERROR') return false;
    if (status === 'RUNNING' || status === 'TUNER_NO_MORE_TRIAL') {
      const counts = await experiment.getJobStatistics({ signal });
      const isActive = counts.some((count) => !isEnded(count.trialJobStatus) && count.trialJobNumber > 0);
      const total = counts.reduce((sum, count) => sum + count.trialJobNumber, 0);
      if (!isActive && status === 'TUNER_NO_MORE_TRIAL') return true;
      quietPolls = isActive || total !== lastTotal ? 0 : quietPolls + 1;
      lastTotal = total;
      if (quietPolls >= maxQuietPolls && quietPolls % maxQuietPolls === 0) await throwIfStalled(experiment, signal);
    }
    await pause(intervalMs, signal);
  }
}

/** @throws StalledError when the logs show that the tuner is dead */
async function throwIfStalled(experiment: AwaitedExperiment, signal: AbortSignal | undefined): Promise<void> {
  const read = async (name: string) => {
    try {
      return (await experiment.readExperimentLog({ name, maxBytes: maxLogBytes, signal })).text;
    } catch (error) {
      // Only a real NNI has `dispatcher.log`.
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
 * Resolves when an experiment that was asked to stop has ended: nothing answers, or a manager reports that it is not live. Also waits
 * for its process.
 *
 * @param pid of the experiment's process, if it runs on this machine
 * @throws TimeoutError when it does not end within a minute
 */
export async function waitUntilEnded(
  experiment: AwaitedExperiment,
  { task, pid, signal }: { task: string; pid?: number | undefined; signal?: AbortSignal | undefined },
): Promise<void> {
  const deadline = Date.now() + endTimeoutMs;
  while ((await isLive(experiment, signal)) || (pid !== undefined && isAlive(pid))) {
    if (Date.now() > deadline) throw new TimeoutError({ task, server: experiment.http.server }, endTimeoutMs / 1000);
    await pause(endIntervalMs, signal);
  }
}

async function isLive(experiment: AwaitedExperiment, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const { live } = await experiment.summary({ signal });
    return live;
  } catch (error) {
    if (error instanceof UnreachableError) return false;
    // A real NNI has no summary. Its refusal still shows that it lives.
    if (error instanceof ClientError) return true;
    throw error;
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
}
