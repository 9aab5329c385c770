/**
 * Finds the experiment or trials a command acts on: its arguments (tree rows, the page's menu, a CodeLens), else the
 * active panel, else the experiment of the active config file, else the user's pick.
 */
import { window } from 'vscode';
import { canDo, type ExperimentAction } from '../../model/experiment/actions.ts';
import type { ExperimentSummary } from '../../model/experiment/experiment.ts';
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import { type PlainText, plainText, withIcon } from '../../model/text/plainText.ts';
import { canKill, type TrialRow } from '../../model/trial/trial.ts';
import { allExperiments, type ExperimentRef, experimentsOfFile, sameExperiment, type Target } from '../experiments.ts';
import { trialTitle } from '../explorer/words.ts';
import { l10n, type PickItem, pick, pickSeveral } from '../window.ts';
import { noneAllows, whyNot } from './reasons.ts';
import { asReference, isFromTree } from './references.ts';
import { Refusal, requireAnswer } from './refusal.ts';
import type { Services } from './services.ts';

export type { ExperimentRef, Target } from '../experiments.ts';

/** The references in a command's arguments: all selected rows of the tree, else the first argument. */
export function references(services: Services, args: readonly unknown[]): (ExperimentRef & { trialId?: string })[] {
  const [first, selection] = args;
  if (isFromTree(first)) return services.explorer.selection.flatMap((node) => asReference(node) ?? []);
  const nodes = Array.isArray(selection) && selection.length > 0 ? selection : [first];
  return nodes.flatMap((node) => asReference(node) ?? []);
}

/** The experiment to act on. @throws {@link Refusal} when none allows the action, {@link Dismissed} when the user picks none */
export async function experimentTarget(
  services: Services,
  args: readonly unknown[],
  question: {
    action: ExperimentAction;
    placeHolder: PlainText;
    only?: (summary: ExperimentSummary) => boolean;
    /** The message when experiments allow the action but `only` rejects all of them. */
    none?: PlainText;
  },
): Promise<Target> {
  const { action } = question;
  const named = references(services, args)[0];
  if (named) {
    const target = targetOf(services, named);
    const reason = whyNot(action, target.summary);
    if (reason) throw new Refusal(reason);
    return target;
  }
  // Called from the palette before the view was ever shown.
  await services.store.show();
  const allowed = allExperiments(services.store).filter(({ summary }) => canDo(summary, action));
  const candidates = allowed.filter(({ summary }) => question.only?.(summary) ?? true);
  const inFront = frontReference(services);
  const front = inFront && candidates.find((candidate) => sameExperiment(candidate, inFront));
  if (front) return front;
  if (candidates.length === 0) {
    throw new Refusal(allowed.length === 0 ? noneAllows(action) : (question.none ?? noneAllows(action)));
  }
  const only = candidates[0];
  if (candidates.length === 1 && only) return only;
  return pickExperiment(services, candidates, question.placeHolder);
}

/** As {@link experimentTarget} for all selected experiments. Leaves out those that don't allow the action, unless none does. */
export async function experimentTargets(
  services: Services,
  args: readonly unknown[],
  question: Parameters<typeof experimentTarget>[2],
): Promise<Target[]> {
  const named = references(services, args).filter((reference) => reference.trialId === undefined);
  const targets = named
    .filter((one, index) => named.findIndex((other) => sameExperiment(one, other)) === index)
    .map((reference) => targetOf(services, reference));
  const allowed = targets.filter(({ summary }) => whyNot(question.action, summary) === undefined);
  return allowed.length > 0 ? allowed : [await experimentTarget(services, args, question)];
}

/** The trials to act on, all of one experiment. */
export async function trialTargets(
  services: Services,
  args: readonly unknown[],
  question: {
    placeHolder: PlainText;
    /** The capability that offered experiments have; `open` by default. */
    action?: ExperimentAction;
    many?: boolean;
    only?: (trial: TrialRow) => boolean;
    none: PlainText;
  },
): Promise<Target & { trials: TrialRow[] }> {
  const named = references(services, args).filter((reference) => reference.trialId !== undefined);
  const first = named[0];
  if (first) {
    const target = targetOf(services, first);
    const wanted = new Set(named.filter((other) => sameExperiment(other, first)).map((other) => other.trialId));
    const rows = (await services.store.trials(target.connectionId, target.experimentId)).filter((trial) =>
      wanted.has(trial.id),
    );
    if (rows.length === 0) throw new Refusal(l10n.t('The trial is not there any more.'));
    const trials = rows.filter((trial) => question.only?.(trial) ?? true);
    if (trials.length === 0) throw new Refusal(question.none);
    return { ...target, trials };
  }
  const { action = 'open', placeHolder } = question;
  const target = await experimentTarget(services, args, { action, placeHolder });
  const trials = (await services.store.trials(target.connectionId, target.experimentId)).filter(
    (trial) => question.only?.(trial) ?? true,
  );
  if (trials.length === 0) throw new Refusal(question.none);
  const items = trials.map((trial) => {
    const row = services.labels.trial(trial, target.summary);
    return { label: withIcon(row.icon, row.label), description: row.description, trial };
  });
  const options = { placeHolder: question.placeHolder, matchOnDescription: true, matchOnDetail: true };
  const picked = question.many
    ? await requireAnswer(pickSeveral(items, options))
    : [await requireAnswer(pick(items, options))];
  if (picked.length === 0) throw new Refusal(l10n.t('No trial was chosen.'));
  return { ...target, trials: picked.map((item) => item.trial) };
}

/** A trial's name in a sentence. */
export function trialName(trial: TrialRow): PlainText {
  return l10n.t('trial {0}', trialTitle(trial));
}

export const killable = (trial: TrialRow): boolean => canKill(trial.status);

/** Resolves a reference. @throws {@link Refusal} when the experiment is gone */
export function targetOf(services: Services, reference: ExperimentRef): Target {
  const summary = services.store.summary(reference.connectionId, reference.experimentId);
  if (!summary) throw new Refusal(l10n.t('The experiment {0} is not there any more.', reference.experimentId));
  return { connectionId: reference.connectionId, experimentId: reference.experimentId, summary };
}

/** The search space now in use. */
export async function currentSpace(services: Services, target: ExperimentRef): Promise<SearchSpace> {
  const model = services.store.experiment(target.connectionId, target.experimentId);
  await model?.loaded();
  return model?.config?.searchSpace ?? {};
}

/** The experiment in view: the active panel's, else one of the active config file. */
function frontReference(services: Services): ExperimentRef | undefined {
  const { active } = services.panels;
  if (active) return active;
  const file = window.activeTextEditor?.document.uri.fsPath;
  return file === undefined ? undefined : experimentsOfFile(services.store, file)[0];
}

async function pickExperiment(services: Services, candidates: Target[], placeHolder: PlainText): Promise<Target> {
  const several = services.store.connections.length > 1;
  const items = candidates.map((target): PickItem & { target: Target } => {
    const row = services.labels.experiment(target.summary);
    const connection = several ? ` · ${services.store.connection(target.connectionId)?.label ?? ''}` : '';
    return {
      label: withIcon(row.icon, row.label),
      description: row.description,
      detail: plainText(`${target.experimentId}${connection}`),
      target,
    };
  });
  const options = { placeHolder, matchOnDescription: true, matchOnDetail: true };
  return (await requireAnswer(pick(items, options))).target;
}
