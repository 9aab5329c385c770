/** What hovers and the rows below a trial show. Free of vscode. */
import type { ExperimentSummary } from '../../model/experiment/experiment.ts';
import { elapsedSeconds, experimentPhase, seenStatus } from '../../model/experiment/experimentPhase.ts';
import { formatDuration, formatNumber } from '../../model/text/format.ts';
import { plainText } from '../../model/text/plainText.ts';
import { decodeMetric } from '../../model/trial/metric.ts';
import type { TrialRow } from '../../model/trial/trial.ts';
import type { Connection } from '../../store/connection.ts';
import { escapeMarkdown, joinMarkdown, type Markdown, markdown } from '../markdown.ts';
import type { Labels } from './labels.ts';
import { metricValueText, parameterText } from './valueText.ts';
import { experimentPhaseWord, progressText, type Translate, trialStatusWord, trialTitle } from './words.ts';

export interface Entry {
  key: string;
  value: string;
}

/** Rows of one hover at most; the panel shows the rest. */
const tooltipRows = 20;

export function parameterEntries(row: TrialRow): Entry[] {
  return Object.entries(row.parameters).map(([key, value]) => ({ key, value: parameterText(value) }));
}

/** What NNI has on record instead, where that differs. */
function recordedEntries({ parameters, recordedParameters }: TrialRow, { t }: Labels): Entry[] {
  return Object.entries(recordedParameters ?? {})
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(parameters[key]))
    .map(([key, value]) => ({ key: t('NNI recorded {0}', key), value: parameterText(value) }));
}

/** Why what a trial ran with is not what NNI says. */
export function mixUpSentence(t: Translate): string {
  return t('NNI gave this trial the parameters of another one and recorded others; these are what it ran with.');
}

/** Final result first, then the newest intermediate one, key by key where it was reported as a dict. */
export function metricEntries(row: TrialRow, labels: Labels): Entry[] {
  const { t } = labels;
  const entries: Entry[] = [];
  if (row.final !== undefined) entries.push(...valueEntries(t('final'), row.final));
  if (row.latest) entries.push(...valueEntries(t('step {0}', row.latest.sequence), row.latest.data));
  return entries;
}

function valueEntries(name: string, text: string): Entry[] {
  const { entries } = decodeMetric(text);
  const keys = Object.keys(entries);
  if (keys.length <= 1) return [{ key: name, value: metricValueText(text) }];
  return keys.map((key) => ({
    key: key === 'default' ? name : `${name} · ${plainText(key, 40)}`,
    value: formatNumber(entries[key] ?? Number.NaN),
  }));
}

/** One table, so that its columns line up; an empty row between the groups. */
function table(...groups: Entry[][]): Markdown {
  const rows = groups
    .filter((entries) => entries.length > 0)
    .map((entries) => {
      const lines = entries
        .slice(0, tooltipRows)
        .map(({ key, value }) => markdown`| ${escapeMarkdown(key, 60)} | ${escapeMarkdown(value, 120)} |`);
      if (entries.length > tooltipRows) lines.push(markdown`| … | |`);
      return joinMarkdown(lines, '\n');
    });
  return joinMarkdown([markdown`| | |`, markdown`| :-- | :-- |`, joinMarkdown(rows, '\n| | |\n')], '\n');
}

/** Markdown. All text from elsewhere is escaped. */
export function connectionTooltip(
  connection: Pick<Connection, 'label' | 'status' | 'address'>,
  labels: Labels,
): Markdown | undefined {
  const { t } = labels;
  const { label, status } = connection;
  const address = connection.address ?? (status.state === 'connected' ? status.address : undefined);
  const where = address === undefined ? markdown`` : markdown` · ${escapeMarkdown(address, 200)}`;
  const lines = [markdown`**${escapeMarkdown(label)}**${where}`];
  if (status.state === 'connected') lines.push(escapeMarkdown(t('Connected since {0}', labels.moment(status.since))));
  if (status.state === 'lost') {
    if (status.reached) lines.push(escapeMarkdown(t('No answer since {0}', labels.moment(status.since))));
    lines.push(escapeMarkdown(status.reason, 500));
  }
  return joinMarkdown(lines, '\n\n');
}

/** Markdown. All text from elsewhere is escaped. */
export function trialTooltip(row: TrialRow, experiment: ExperimentSummary, labels: Labels, now: number): Markdown {
  const { t } = labels;
  const best = row.id === experiment.best?.trialId ? ` · ${t('the best so far')}` : '';
  const status = seenStatus(row.status, experiment);
  const times: Entry[] = [];
  if (row.startTime !== undefined) {
    times.push({ key: t('started'), value: labels.moment(row.startTime) });
    const end = row.endTime ?? (status === 'RUNNING' ? now : undefined);
    if (end !== undefined) times.push({ key: t('duration'), value: formatDuration((end - row.startTime) / 1000) });
  }
  if (row.intermediates > 0) times.push({ key: t('intermediate results'), value: String(row.intermediates) });
  if (row.source === 'customized') times.push({ key: t('added by'), value: t('you') });
  times.push({ key: t('id'), value: row.id });
  const blocks = [
    markdown`**${escapeMarkdown(t('Trial {0}', trialTitle(row)))}** · ${escapeMarkdown(trialStatusWord(status, t))}${escapeMarkdown(best)}`,
  ];
  if (row.message) blocks.push(escapeMarkdown(row.message));
  const recorded = recordedEntries(row, labels);
  if (recorded.length > 0) blocks.push(escapeMarkdown(mixUpSentence(labels.t)));
  blocks.push(table(parameterEntries(row), recorded, metricEntries(row, labels), times));
  return joinMarkdown(blocks, '\n\n');
}

/** How many trials are in the states that call for a look. */
function stateEntries(summary: ExperimentSummary, { t }: Labels): Entry[] {
  const counts = new Map<string, number>();
  for (const status of ['RUNNING', 'WAITING', 'FAILED', 'EARLY_STOPPED'] as const) {
    const word = trialStatusWord(seenStatus(status, summary), t);
    counts.set(word, (counts.get(word) ?? 0) + (summary.counts[status] ?? 0));
  }
  return [...counts].filter(([, count]) => count > 0).map(([key, count]) => ({ key, value: String(count) }));
}

/** Markdown. All text from elsewhere is escaped. */
export function experimentTooltip(summary: ExperimentSummary, labels: Labels, now: number): Markdown {
  const { t } = labels;
  const progress = progressText(summary);
  const entries: Entry[] = [
    // Of an experiment that stored none, not even how many there were is known.
    ...(progress === '0' && !summary.live ? [] : [{ key: t('trials'), value: progress }]),
    ...stateEntries(summary, labels),
  ];
  if (summary.best) {
    entries.push({
      key: t('best'),
      value: t('{0} by trial {1}', formatNumber(summary.best.value), summary.best.trialNumber),
    });
  }
  const limit = summary.maxExperimentDuration;
  const time = formatDuration(elapsedSeconds(summary, now));
  entries.push({ key: t('time'), value: limit === undefined ? time : t('{0} of {1}', time, formatDuration(limit)) });
  if (summary.tuner) entries.push({ key: t('tuner'), value: `${summary.tuner} · ${summary.optimizeMode}` });
  if (summary.assessor) entries.push({ key: t('assessor'), value: summary.assessor });
  if (summary.trialConcurrency > 0) entries.push({ key: t('concurrency'), value: String(summary.trialConcurrency) });
  if (summary.engine === 'nni') entries.push({ key: t('run by'), value: 'NNI' });
  if (summary.sdk) {
    const { kind, version, python } = summary.sdk;
    const name = kind === 'bundled' ? t('bundled nni') : t('installed nni {0}', version);
    entries.push({ key: t('trial SDK'), value: [name, python].filter(Boolean).join(' · ') });
  }
  if (summary.startTime !== undefined) entries.push({ key: t('started'), value: labels.moment(summary.startTime) });
  entries.push({ key: t('id'), value: summary.id }, { key: t('folder'), value: summary.directory });
  const blocks = [
    markdown`**${escapeMarkdown(summary.name || summary.id)}** · ${escapeMarkdown(experimentPhaseWord(experimentPhase(summary), t))}`,
    ...summary.errors.slice(0, 3).map((error) => escapeMarkdown(error)),
    table(entries),
  ];
  return joinMarkdown(blocks, '\n\n');
}
