/** Text and command of each CodeLens above a config file. Free of vscode, so that unit tests can import it. */

import { canDo } from '../../model/experiment/actions.ts';
import type { BackendChoice } from '../../model/experiment/backend.ts';
import type { ExperimentSummary } from '../../model/experiment/experiment.ts';
import { experimentPhase } from '../../model/experiment/experimentPhase.ts';
import { formatNumber } from '../../model/text/format.ts';
import { type IconText, type PlainText, plainLines, plainText, withIcon } from '../../model/text/plainText.ts';
import type { ExperimentRef, Target } from '../experiments.ts';
import type { Labels } from '../explorer/labels.ts';
import { phaseShape } from '../explorer/shapes.ts';
import { experimentPhaseWord, progressText } from '../explorer/words.ts';

export interface Lens {
  title: PlainText | IconText;
  command: string;
  /** The experiment the CodeLens is about; absent when it is about the file. */
  about?: ExperimentRef;
  tooltip?: PlainText;
}

/** Running experiments of one file beyond this number are only counted. */
const maxShown = 2;

/**
 * @param experiments the experiments launched from the file: running ones first, then the newest
 * @param backend the backend that would run the config; undefined while it is not known
 */
export function lensLine(experiments: readonly Target[], labels: Labels, backend?: BackendChoice): Lens[] {
  const { t } = labels;
  // An experiment in state DONE still has its server, but the user sees it as ended.
  const live = experiments.filter(({ summary }) => summary.live && !['VIEWED', 'DONE'].includes(summary.status));
  if (live.length > 0) {
    const shown = live.slice(0, maxShown).flatMap((target) => liveLenses(target, labels));
    const hidden = live.length - maxShown;
    if (hidden > 0)
      shown.push({ title: plainText(t('{0} more running', hidden)), command: 'trialdeck.experiments.focus' });
    return shown;
  }
  const validate = {
    title: withIcon('check', plainText(t('Validate'))),
    tooltip: plainText(t('Check this file without running it')),
    command: 'trialdeck.validate',
  };
  const byNni = backend?.backend === 'nnictl';
  const run = plainText(byNni ? t('Run with nnictl') : t('Run'));
  const tooltip = plainText(byNni ? backend.reason : t('Start an experiment with this file'));
  const [last] = experiments;
  if (!last) {
    return [{ title: withIcon('play', run), tooltip, command: 'trialdeck.run' }, validate];
  }
  const about = referenceOf(last);
  const open = { title: plainText(t('Open')), command: 'trialdeck.openExperiment', about };
  const resume = { title: plainText(t('Resume')), command: 'trialdeck.resumeExperiment', about };
  return [
    { ...open, ...statusOf(last.summary, endedText(last.summary, labels)) },
    open,
    {
      title: withIcon('play', plainText(byNni ? t('Run Again with nnictl') : t('Run Again'))),
      tooltip,
      command: 'trialdeck.run',
    },
    ...(last.summary.status !== 'DONE' && canDo(last.summary, 'resume') ? [resume] : []),
    validate,
  ];
}

function liveLenses(target: Target, labels: Labels): Lens[] {
  const { summary } = target;
  const { t } = labels;
  const about = referenceOf(target);
  const open = { title: plainText(t('Open')), command: 'trialdeck.openExperiment', about };
  const word = experimentPhaseWord(experimentPhase(summary), t);
  const done = withBest([`${summary.name} ${word}: ${progressText(summary)}`], summary, labels);
  const lenses: Lens[] = [{ ...open, ...statusOf(summary, done) }, open];
  if (canDo(summary, 'stop')) {
    lenses.push({ title: plainText(t('Stop')), command: 'trialdeck.stopExperiment', about });
  }
  return lenses;
}

function statusOf(summary: ExperimentSummary, text: string): { title: IconText; tooltip: PlainText } {
  const { icon } = phaseShape(experimentPhase(summary));
  return {
    title: withIcon(icon, plainText(text, 200)),
    tooltip: plainLines(summary.errors) || plainText(`${summary.name} · ${summary.id}`),
  };
}

/** `done 12 min. ago · best 0.9731`. */
function endedText(summary: ExperimentSummary, labels: Labels): string {
  const word = experimentPhaseWord(experimentPhase(summary), labels.t);
  const time = summary.endTime ?? summary.best?.time ?? summary.startTime;
  return withBest([time === undefined ? word : `${word} ${labels.ago(time)}`], summary, labels);
}

function withBest(parts: string[], { best }: ExperimentSummary, { t }: Labels): string {
  return [...parts, ...(best ? [t('best {0}', formatNumber(best.value))] : [])].join(' · ');
}

function referenceOf({ connectionId, experimentId }: Target): ExperimentRef {
  return { connectionId, experimentId };
}
