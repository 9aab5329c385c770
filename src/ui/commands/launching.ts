/** Progress and cancellation, shared by starting and resuming an experiment. */
import { joinPlain, type PlainText, plainText } from '../../model/text/plainText.ts';
import type { ExperimentRef } from '../experiments.ts';
import { l10n, showInformation, withCancellableProgress } from '../window.ts';
import type { Services } from './services.ts';

/** Shows progress with a Cancel button. @returns undefined when the user cancelled and the work stopped */
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

/** As {@link withCancel}; stops an experiment that started in spite of the cancellation. */
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

/** Tells the user once that NNI runs the experiment, which may be unexpected. */
export function tellWhy(name: string, reason: string): void {
  void showInformation(joinPlain([l10n.t('{0} runs with NNI.', name), plainText(reason)], ' '));
}
