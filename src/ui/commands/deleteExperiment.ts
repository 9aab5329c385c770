/** Delete stored experiments with everything that belongs to them, after one question that says what is lost. */

import { allTrials } from '../../model/experiment/experimentPhase.ts';
import { type PlainText, plainLines } from '../../model/text/plainText.ts';
import { askFirst, l10n, withProgress } from '../window.ts';
import { chosen } from './refusal.ts';
import type { Services } from './services.ts';
import { experimentTargets, type Target } from './target.ts';

/** Experiments that are named in the question; the others are counted. */
const mostNamed = 10;

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
  await chosen(askFirst(question, lost(targets), l10n.t('Delete')));
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

function lost(targets: readonly Target[]): PlainText {
  const lines: string[] = targets.slice(0, mostNamed).map((target) => {
    const what = contents(target);
    return targets.length === 1 ? what : `• ${target.summary.name} (${target.experimentId}): ${what}`;
  });
  if (targets.length > mostNamed) lines.push(l10n.t('… and {0} more', targets.length - mostNamed));
  lines.push('', l10n.t('Results, logs and everything else in its folder are lost for good.'));
  if (targets.length === 1 && targets[0]) lines.push(targets[0].summary.directory);
  return plainLines(lines);
}

function contents({ summary }: Target): string {
  const trials = allTrials(summary);
  const results = summary.counts.SUCCEEDED ?? 0;
  if (trials === 1) return l10n.t('1 trial, {0} with a result', results);
  return l10n.t('{0} trials, {1} with a result', trials, results);
}
