/** Deletes stored experiments and their folders, after one question that says what is lost. */

import { allTrials } from '../../model/experiment/experimentPhase.ts';
import { type PlainText, plainLines } from '../../model/text/plainText.ts';
import { askFirst, l10n, withProgress } from '../window.ts';
import { requireAnswer } from './refusal.ts';
import type { Services } from './services.ts';
import { experimentTargets, type Target } from './target.ts';

/** The question names this many experiments and counts the others. */
const maxNamed = 10;

export async function deleteExperiment(services: Services, ...args: unknown[]): Promise<void> {
  const targets = await experimentTargets(services, args, {
    action: 'delete',
    placeHolder: l10n.t('Which experiment do you want to delete?'),
  });
  const [first] = targets;
  if (!first) return;
  const question =
    targets.length === 1
      ? l10n.t('Delete {0}?', first.summary.name)
      : l10n.t('Delete {0} experiments?', targets.length);
  await requireAnswer(askFirst(question, describeLoss(targets), l10n.t('Delete')));
  const title =
    targets.length === 1
      ? l10n.t('Deleting {0}…', first.summary.name)
      : l10n.t('Deleting {0} experiments…', targets.length);
  const results = await withProgress(title, () =>
    Promise.allSettled(
      targets.map(async ({ connectionId, experimentId }) => {
        await services.store.delete(connectionId, experimentId);
        services.panels.close(connectionId, experimentId);
      }),
    ),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

function describeLoss(targets: readonly Target[]): PlainText {
  const lines: string[] = targets.slice(0, maxNamed).map((target) => {
    const what = describeContents(target);
    return targets.length === 1 ? what : `• ${target.summary.name} (${target.experimentId}): ${what}`;
  });
  if (targets.length > maxNamed) lines.push(l10n.t('… and {0} more', targets.length - maxNamed));
  lines.push('', l10n.t('Results, logs and everything else in its folder are lost for good.'));
  if (targets.length === 1 && targets[0]) lines.push(targets[0].summary.directory);
  return plainLines(lines);
}

function describeContents({ summary }: Target): string {
  const trials = allTrials(summary);
  const results = summary.counts.SUCCEEDED ?? 0;
  if (trials === 1) return l10n.t('1 trial, {0} with a result', results);
  return l10n.t('{0} trials, {1} with a result', trials, results);
}
