/** The history plot: each trial's result, and the best so far. */
import { useMemo } from 'preact/hooks';
import { endedTrials } from '../../../src/model/experiment/experimentPhase.ts';
import { formatNumber } from '../../../src/model/text/format.ts';
import type { SeenTrial } from '../../../src/model/trial/trial.ts';
import { Grid, type GridColumn } from '../../controls/Grid.tsx';
import { numberLine, TrialHover } from '../../parts/TrialHover.tsx';
import type { ExperimentData } from '../../state/experimentData.ts';
import { resultOf, resultText } from '../../state/results.ts';
import { kindWord, type StatusKind, statusKinds, statusWord, trialName } from '../../state/trialStatus.ts';
import { plural, t } from '../../strings.ts';
import type { PlotContext, PlotDefinition } from '../definition.ts';
import { keyWord } from '../MetricSelect.tsx';
import { historyOption, shapeOf } from './option.ts';
import type { History } from './shape.ts';

export const history: PlotDefinition<History> = {
  name: 'history',
  icon: 'graph-scatter',
  marksFocus: true,
  emphasizes: false,
  title: () => t('History'),
  hasData: (shape) => countPoints(shape) > 0,
  shape: ({ page, data, metric }) => page.derived.history(data, metric),
  option: historyOption,
  targets: (shape) => [...shape.groups, { ...shape.withoutValue, bottom: true }],
  counts: (shape, { data }) => {
    const points = countPoints(shape);
    return { points: points + shape.withoutValue.points.length, trials: data.rows.size, isEmpty: points === 0 };
  },
  notFinite: (shape) => shape.notFinite,
  isPositive: (shape) => shape.positive,
  isLogScale: (view) => view.historyLog,
  withLogScale: (_view, historyLog) => ({ historyLog }),
  sentence: (shape, { metric }) => (
    <>
      {shape.best.length > 0
        ? t('Final {0} of each trial, and the best so far.', keyWord(metric))
        : t('Final {0} of each trial.', keyWord(metric))}
      <Legend history={shape} />
    </>
  ),
  emptyText: (shape, { data }) => emptyText(shape, data),
  summary: (shape, { data, metric }) => historySummary(shape, countPoints(shape), keyWord(metric), data),
  hover: ({ id }, { data, metric }) => {
    const row = data.rows.get(id);
    return row && <TrialHover row={row} lines={resultLines(row, metric)} />;
  },
  Table: HistoryTable,
};

function countPoints(shape: History): number {
  return shape.groups.reduce((sum, group) => sum + group.points.length, 0);
}

function emptyText(history: History, data: ExperimentData): string {
  const failed = history.withoutValue.points.length;
  if (history.notFinite > 0) return t('No trial has reported a finite number yet.');
  if (failed > 0) {
    return plural(
      failed,
      'No trial has reported a number yet; 1 failed without one.',
      'No trial has reported a number yet; {0} failed without one.',
    );
  }
  if (endedTrials(data.summary) > 0) {
    return t('No trial has reported a number yet. What was reported as text is in the table of trials.');
  }
  return t('Each trial puts a point here when it reports a result. The first is still on its way.');
}

function resultLines(row: SeenTrial, key: string): [string, string][] {
  const result = resultOf(row, key);
  if (!result) return [];
  return [numberLine(result.final ? keyWord(key) : t('{0}, not final', keyWord(key)), result.value)];
}

function Legend({ history }: { history: History }) {
  const kinds = statusKinds.filter(
    (kind) =>
      history.groups.some((group) => group.kind === kind) ||
      (kind === 'failed' && history.withoutValue.points.length > 0),
  );
  if (kinds.length < 2) return null;
  return (
    <span class="legend">
      {kinds.map((kind) => (
        <span key={kind}>
          <span class={`tone-${kind}`} aria-hidden="true">
            {shapeOf(kind, countOf(history, kind)).sign}
          </span>{' '}
          {kind === 'failed' && history.withoutValue.points.length > 0 ? t('failed, without a result') : kindWord(kind)}
        </span>
      ))}
    </span>
  );
}

function countOf(history: History, kind: StatusKind): number {
  return history.groups.find((group) => group.kind === kind)?.points.length ?? 0;
}

function historySummary(history: History, count: number, word: string, data: ExperimentData): string {
  const parts = [plural(count, 'History of 1 trial', 'History of {0} trials')];
  if (history.range) {
    const [low, high] = history.range;
    parts.push(t('{0} between {1} and {2}', word, formatNumber(low), formatNumber(high)));
  }
  const { best } = data.summary;
  if (best && history.best.length > 0)
    parts.push(t('the best is {0} by trial {1}', formatNumber(best.value), best.trialNumber));
  const without = history.withoutValue.points.length;
  if (without > 0) parts.push(plural(without, '1 failed without a result', '{0} failed without a result'));
  return `${parts.join('; ')}.`;
}

function HistoryTable({ context: { page, data, metric } }: { context: PlotContext }) {
  const columns = useMemo(
    (): GridColumn<SeenTrial>[] => [
      { id: '#', title: t('trial'), numeric: true, text: trialName },
      { id: 'status', title: t('status'), numeric: false, text: (row) => statusWord(row.status) },
      {
        id: 'value',
        title: keyWord(metric),
        numeric: true,
        text: (row) => {
          const result = resultOf(row, metric);
          return result ? resultText(result.value) : '';
        },
      },
    ],
    [metric],
  );
  const rows = page.derived.filtered(data, '', 'all');
  return (
    <Grid
      name="history-table"
      label={t('History as a table')}
      columns={columns}
      rows={rows}
      rowId={(row) => row.id}
      selected={page.view.selectedTrial}
      onSelect={(row) => page.select(row.id)}
      fontSize={page.theme.fontSize}
      fontFamily={page.theme.fontFamily}
    />
  );
}
