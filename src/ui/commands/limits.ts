/** Commands that change a limit of a running experiment, in an input box that checks the text as the user types. */
import { formatDuration, parseDuration } from '../../model/config/duration.ts';
import type { ExperimentSummary } from '../../model/experiment/experiment.ts';
import { messageOf } from '../../model/text/messageOf.ts';
import { type PlainText, plainText } from '../../model/text/plainText.ts';
import { askForText, l10n, showDone } from '../window.ts';
import { requireAnswer } from './refusal.ts';
import type { Services } from './services.ts';
import { experimentTarget, type Target } from './target.ts';

interface Limit {
  placeHolder: PlainText;
  prompt: PlainText;
  /** The initial text. */
  current(experiment: ExperimentSummary): string;
  /** Why the text is not a value; undefined when it is. */
  problem(text: string, experiment: ExperimentSummary): PlainText | undefined;
  apply(services: Services, target: Target, text: string): Promise<unknown>;
}

function wholeNumber(text: string): number | undefined {
  const value = /^\s*\d+\s*$/.test(text) ? Number(text) : undefined;
  return value !== undefined && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/** Formats seconds as in a config: `90m`, `2h`, `45s`. */
function durationText(seconds: number): string {
  const units: [string, number][] = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ];
  const [unit, size] = units.find(([, length]) => seconds % length === 0) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}

function countStarted(experiment: ExperimentSummary): number {
  return Object.values(experiment.counts).reduce((sum, count) => sum + count, 0);
}

const limits = {
  concurrency: (): Limit => ({
    placeHolder: l10n.t('Change the trial concurrency of which experiment?'),
    prompt: l10n.t('How many trials may run at the same time'),
    current: (experiment) => String(experiment.trialConcurrency),
    problem: (text) => (wholeNumber(text) ? undefined : l10n.t('Enter a whole number of at least 1.')),
    apply: (services, target, text) => clientOf(services, target).updateConcurrency(Number(text)),
  }),
  trialNumber: (): Limit => ({
    placeHolder: l10n.t('Change the maximum trial number of which experiment?'),
    prompt: l10n.t('Maximum number of trials'),
    current: (experiment) => (experiment.maxTrialNumber === undefined ? '' : String(experiment.maxTrialNumber)),
    problem: (text, experiment) => {
      const value = wholeNumber(text);
      if (value === undefined) return l10n.t('Enter a whole number of at least 1.');
      const count = countStarted(experiment);
      return value < count ? l10n.t('{0} trials were started already; enter at least {0}.', count) : undefined;
    },
    apply: (services, target, text) => clientOf(services, target).updateTrialnum(Number(text)),
  }),
  duration: (): Limit => ({
    placeHolder: l10n.t('Change the maximum duration of which experiment?'),
    prompt: l10n.t('For how long the experiment may run in all, e.g. 90m, 2h or 1d'),
    current: (experiment) =>
      experiment.maxExperimentDuration === undefined ? '' : durationText(experiment.maxExperimentDuration),
    problem: (text, experiment) => {
      let seconds: number;
      try {
        seconds = parseDuration(text);
      } catch (error) {
        return plainText(messageOf(error));
      }
      return seconds < experiment.execDuration
        ? l10n.t('It has run for {0} already; enter more.', formatDuration(experiment.execDuration))
        : undefined;
    },
    apply: (services, target, text) => clientOf(services, target).updateDuration(text.trim()),
  }),
};

function clientOf(services: Services, target: Target) {
  return services.store.client(target.connectionId, target.experimentId);
}

/** The command for one limit. */
export function updateLimit(kind: keyof typeof limits) {
  return async (services: Services, ...args: unknown[]): Promise<void> => {
    const limit = limits[kind]();
    const target = await experimentTarget(services, args, { action: 'update', placeHolder: limit.placeHolder });
    const text = await requireAnswer(
      askForText({
        title: plainText(target.summary.name),
        prompt: limit.prompt,
        value: limit.current(target.summary),
        problem: (value) => limit.problem(value, latest(services, target)),
      }),
    );
    await limit.apply(services, target, text);
    showDone(l10n.t('{0}: changed to {1}', target.summary.name, text.trim()));
  };
}

/** Reads the summary again: the experiment goes on while the box is open. */
function latest(services: Services, target: Target): ExperimentSummary {
  return services.store.summary(target.connectionId, target.experimentId) ?? target.summary;
}
