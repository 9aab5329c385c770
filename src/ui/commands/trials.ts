/** Commands on trials: open, kill, copy, add and queue. */

import { commands, env, Uri, window, workspace } from 'vscode';
import { defined } from '../../model/json/defined.ts';
import { plainLines, withIcon } from '../../model/text/plainText.ts';
import { experimentNode } from '../explorer/nodes.ts';
import { askFirst, l10n, showDone } from '../window.ts';
import { ranWith } from './ranWith.ts';
import { Refusal, requireAnswer } from './refusal.ts';
import type { Services } from './services.ts';
import { currentSpace, experimentTarget, killable, trialName, trialTargets } from './target.ts';
import type { TrialDrafts } from './trialDrafts.ts';

const bullet = ({ message }: { message: string }) => `• ${message}`;

const noTrials = () => l10n.t('The experiment has no trials yet.');

export async function openTrial(services: Services, ...args: unknown[]): Promise<void> {
  const { connectionId, experimentId, trials } = await trialTargets(services, args, {
    placeHolder: l10n.t('Which trial do you want to open?'),
    none: noTrials(),
  });
  const trialId = trials[0]?.id;
  await services.panels.open(connectionId, experimentId, defined({ trialId }));
}

export async function killTrial(services: Services, ...args: unknown[]): Promise<void> {
  const target = await trialTargets(services, args, {
    placeHolder: l10n.t('Which trials do you want to kill?'),
    many: true,
    only: killable,
    none: l10n.t('There is no running or waiting trial to kill.'),
  });
  const { trials } = target;
  const [first] = trials;
  const question =
    trials.length === 1 && first
      ? l10n.t('Kill {0} of {1}?', trialName(first), target.summary.name)
      : l10n.t('Kill {0} trials of {1}?', trials.length, target.summary.name);
  const numbers = trials.map(trialName).slice(0, 20).join(', ');
  const detail =
    trials.length === 1
      ? l10n.t('Its process ends now. What it has reported so far is kept; it gets no final result.')
      : l10n.t(
          '{0}. Their processes end now. What they have reported so far is kept; they get no final result.',
          numbers,
        );
  await requireAnswer(askFirst(question, detail, l10n.t('Kill')));
  const client = services.store.client(target.connectionId, target.experimentId);
  const failures = (await Promise.allSettled(trials.map((trial) => client.killTrialJob(trial.id)))).flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  if (failures.length > 0) throw failures[0];
}

export async function copyParameters(services: Services, ...args: unknown[]): Promise<void> {
  const { connectionId, experimentId, trials } = await trialTargets(services, args, {
    placeHolder: l10n.t('Copy the parameters of which trial?'),
    none: noTrials(),
  });
  const values = await ranWith(services, { connectionId, experimentId }, trials);
  await env.clipboard.writeText(JSON.stringify(values.length === 1 ? values[0] : values, null, 2));
  const [first] = trials;
  const what = trials.length === 1 && first ? trialName(first) : l10n.t('{0} trials', trials.length);
  showDone(withIcon('check', l10n.t('Parameters of {0} copied', what)));
}

export function addTrial(drafts: TrialDrafts) {
  return async (services: Services, ...args: unknown[]): Promise<void> => {
    const target = await experimentTarget(services, args, {
      action: 'addTrial',
      placeHolder: l10n.t('Add a trial to which experiment?'),
    });
    const { startingParameters } = await import('./draftText.ts');
    await drafts.open(target, startingParameters(await currentSpace(services, target)));
  };
}

export function copyTrial(drafts: TrialDrafts) {
  return async (services: Services, ...args: unknown[]): Promise<void> => {
    const target = await trialTargets(services, args, {
      placeHolder: l10n.t('Copy the parameters of which trial?'),
      none: noTrials(),
    });
    const [first] = target.trials;
    if (!first) return;
    const [parameters] = await ranWith(services, target, [first]);
    if (parameters) await drafts.open(target, parameters);
  };
}

export function queueTrial(drafts: TrialDrafts) {
  return async (services: Services, ...args: unknown[]): Promise<void> => {
    const uri = args[0] instanceof Uri ? args[0] : window.activeTextEditor?.document.uri;
    const reference = uri && drafts.experimentOf(uri);
    if (!uri || !reference) {
      throw new Refusal(
        l10n.t('This document is not a trial draft. Start one with "Add Trial" or "Copy as New Trial".'),
      );
    }
    const target = await experimentTarget(services, [reference], {
      action: 'addTrial',
      placeHolder: l10n.t('Add a trial to which experiment?'),
    });
    const document = await workspace.openTextDocument(uri);
    const { parseDraft } = await import('./draftText.ts');
    const { parameters, problems } = parseDraft(document.getText(), await currentSpace(services, target));
    const error = problems.find((problem) => problem.severity === 'error');
    if (!parameters || error) throw new Refusal(error?.message ?? l10n.t('The parameters could not be read.'));
    if (problems.length > 0) {
      await requireAnswer(
        askFirst(
          l10n.t('Queue this trial all the same?'),
          plainLines([l10n.t('It differs from what the search space yields:'), ...problems.map(bullet)]),
          l10n.t('Queue Trial'),
        ),
      );
    }
    const number = await services.store.client(target.connectionId, target.experimentId).addTrial(parameters);
    await closeDraft(uri);
    await services.explorer.reveal(experimentNode(target.connectionId, target.experimentId));
    showDone(withIcon('check', l10n.t('Trial {0} of {1} is queued', number, target.summary.name)));
  };
}

/** Closes the draft without asking to save it: the trial is queued. */
async function closeDraft(uri: Uri): Promise<void> {
  const document = await workspace.openTextDocument(uri);
  await window.showTextDocument(document);
  await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
}
