/** What starting and resuming an experiment have in common. */
import { joinPlain, type PlainText, plainText } from '../../model/text/plainText.ts';
import type { ExperimentRef } from '../experiments.ts';
import { l10n, showInformation, withCancellableProgress } from '../window.ts';
import type { Services } from './services.ts';

/** Shows progress with a button to cancel. Undefined when it was cancelled and the work gave up for it. */
export async function withCancel<T>(
  title: PlainText,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  return withCancellableProgress(title, async (cancellation) => {
    const abort = new AbortController();
    cancellation.onCancellationRequested(() => abort.abort());
    try {
      return await work(abort.signal);
    } catch (error) {
      if (abort.signal.aborted) return undefined;
      throw error;
    }
  });
}

/** As {@link withCancel}; what has started all the same when it was cancelled is stopped again. */
export async function withLaunch(
  { store }: Services,
  title: PlainText,
  start: (signal: AbortSignal) => Promise<ExperimentRef>,
): Promise<ExperimentRef | undefined> {
  return withCancel(title, async (signal) => {
    const started = await start(signal);
    if (!signal.aborted) return started;
    await store.client(started.connectionId, started.experimentId).stopExperiment();
    return undefined;
  });
}

/** Says once that NNI runs it, which a person may not have expected. */
export function tellWhy(name: string, reason: string): void {
  void showInformation(joinPlain([l10n.t('{0} runs with NNI.', name), plainText(reason)], ' '));
}
