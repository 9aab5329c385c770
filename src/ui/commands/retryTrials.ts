/** Commands that queue the parameters of failed trials again. */
import type { ExperimentSummary } from '../../model/experiment/experiment.ts';
import { allTrials } from '../../model/experiment/experimentPhase.ts';
import { messageOf } from '../../model/text/messageOf.ts';
import { plainLines, withIcon } from '../../model/text/plainText.ts';
import { chooseRetries, type RetryChoice } from '../../model/trial/retry.ts';
import type { Parameters, TrialRow } from '../../model/trial/trial.ts';
import { askFirst, l10n, showDone, withProgress } from '../window.ts';
import { ranWith } from './ranWith.ts';
import { whyNot } from './reasons.ts';
import { Refusal, requireAnswer } from './refusal.ts';
import type { Services } from './services.ts';
import { experimentTarget, type Target, trialTargets } from './target.ts';

const isFailed = (trial: TrialRow): boolean => trial.status === 'FAILED';

/** Retries all failed trials of an experiment. */
export async function retryFailedTrials(services: Services, ...args: unknown[]): Promise<void> {
  const target = await experimentTarget(services, args, {
    action: 'retryFailed',
    placeHolder: l10n.t('Retry the failed trials of which experiment?'),
  });
  const trials = await services.store.trials(target.connectionId, target.experimentId);
  await retry(services, target, trials.filter(isFailed));
}

/** Retries the selected trials. */
export async function retryTrial(services: Services, ...args: unknown[]): Promise<void> {
  const target = await trialTargets(services, args, {
    action: 'retryFailed',
    placeHolder: l10n.t('Which failed trials do you want to retry?'),
    many: true,
    only: isFailed,
    none: l10n.t('There is no failed trial to retry.'),
  });
  const reason = whyNot('retryFailed', target.summary);
  if (reason) throw new Refusal(reason);
  await retry(services, target, target.trials);
}

async function retry(services: Services, target: Target, failed: readonly TrialRow[]): Promise<void> {
  const { connectionId, experimentId } = target;
  const choice = chooseRetries(failed, await services.store.trials(connectionId, experimentId));
  const left = describeLeftOut(choice);
  const { name } = target.summary;
  if (choice.queue.length === 0) {
    throw new Refusal([l10n.t('There is nothing to retry in {0}.', name), ...left].join(' '));
  }
  const summary = services.store.summary(connectionId, experimentId) ?? target.summary;
  const { count, limit } = await ask(choice.queue.length, summary, left);
  const client = services.store.client(connectionId, experimentId);
  const parameters = await ranWith(services, target, choice.queue.slice(0, count));
  const { queued, refusal } = await withProgress(l10n.t('Queueing trials of {0}…', name), async () => {
    if (limit !== undefined) await client.updateTrialnum(limit);
    return queueAll(parameters, (one) => client.addTrial(one));
  });
  if (refusal !== undefined) {
    throw new Error(l10n.t('{0} of {1} trials were queued. {2}', queued, parameters.length, refusal));
  }
  const said = queued === 1 ? l10n.t('1 trial of {0} is queued again', name) : undefined;
  const text = said ?? l10n.t('{0} trials of {1} are queued again', queued, name);
  showDone(withIcon('check', text));
}

/** Asks once: how many trials to retry, and whether to raise the maximum when it leaves no room. */
async function ask(
  wanted: number,
  summary: ExperimentSummary,
  left: readonly string[],
): Promise<{ count: number; limit?: number }> {
  const { name, maxTrialNumber } = summary;
  const started = allTrials(summary);
  const room = maxTrialNumber === undefined ? wanted : Math.max(0, maxTrialNumber - started);
  const question =
    wanted === 1 ? l10n.t('Retry 1 trial of {0}?', name) : l10n.t('Retry {0} trials of {1}?', wanted, name);
  const about = l10n.t('Each is queued as a new trial with the parameters it ran with.');
  if (room >= wanted || maxTrialNumber === undefined) {
    const detail = plainLines([about, ...left]);
    await requireAnswer(askFirst(question, detail, l10n.t('Retry')));
    return { count: wanted };
  }
  const limit = started + wanted;
  const full = l10n.t('The experiment may have {0} trials and has {1}.', maxTrialNumber, started);
  const detail = plainLines([about, full, ...left]);
  const raise = l10n.t('Raise to {0} and Retry', limit);
  const some = room === 1 ? l10n.t('Retry 1') : l10n.t('Retry {0}', room);
  const answers = room > 0 ? [raise, some] : [raise];
  const answer = await requireAnswer(askFirst(question, detail, ...answers));
  return answer === some ? { count: room } : { count: wanted, limit };
}

/** Queues one after the other, to keep the order of the trials. Stops at the first refusal. */
async function queueAll(
  parameters: readonly Parameters[],
  add: (one: Parameters) => Promise<unknown>,
): Promise<{ queued: number; refusal?: string }> {
  for (const [queued, one] of parameters.entries()) {
    try {
      await add(one);
    } catch (error) {
      return { queued, refusal: messageOf(error) };
    }
  }
  return { queued: parameters.length };
}

function describeLeftOut({ succeeded, pending, repeated }: RetryChoice): string[] {
  const lines: string[] = [];
  if (succeeded > 0) lines.push(l10n.t('Left out: {0} whose parameters have succeeded since.', succeeded));
  if (pending > 0) lines.push(l10n.t('Left out: {0} whose parameters are waiting or running.', pending));
  if (repeated > 0) lines.push(l10n.t('Left out: {0} with the same parameters as another one.', repeated));
  return lines;
}
