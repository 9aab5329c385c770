/** The plot of learning curves: the intermediate results of trials. */
import { useMemo } from 'preact/hooks';
import { formatNumber } from '../../../src/model/text/format.ts';
import { Dropdown } from '../../controls/controls.tsx';
import { Grid, type GridColumn } from '../../controls/Grid.tsx';
import { StatusIcon } from '../../parts/StatusIcon.tsx';
import { numberLine, TrialHover } from '../../parts/TrialHover.tsx';
import { sameItems } from '../../state/memo.ts';
import { resultOf, resultText } from '../../state/results.ts';
import { statusWord, trialName } from '../../state/trialStatus.ts';
import { plural, t } from '../../strings.ts';
import type { PlotContext, PlotDefinition } from '../definition.ts';
import { keyWord } from '../MetricSelect.tsx';
import type { CurveMode } from './choice.ts';
import { curvesOption, type DrawnCurve, seriesColor } from './option.ts';

const counts = [4, 8, 16, 32, 64, 128] as const;

/** The shape of the plot: the drawn curves. */
interface Curves {
  drawn: DrawnCurve[];
  /** The inputs of {@link drawn}, to detect a change. */
  inputs: unknown[];
}

export const curves: PlotDefinition<Curves> = {
  name: 'curves',
  icon: 'graph-line',
  marksFocus: false,
  emphasizes: true,
  title: () => t('Learning curves'),
  hasData: (_shape, { data }) => data.curves.size > 0,
  shape: ({ page, data, metric }, last) => {
    const { view, focus } = page;
    const shown = page.derived.curves(data, view.curves.mode, view.curves.count, view.selectedTrial, focus);
    const drawn = shown.flatMap(({ row, slot }): DrawnCurve[] => {
      const curve = data.curves.get(row.id)?.points(metric);
      return curve && (curve.points.length > 0 || curve.notFinite > 0) ? [{ row, slot, curve }] : [];
    });
    const inputs = drawn.flatMap(({ row, slot, curve }) => [row.id, row.status, slot, curve]);
    return last && sameItems(last.inputs, inputs) ? last : { drawn, inputs };
  },
  option: ({ drawn }, theme, { logScale }) => curvesOption(drawn, theme, logScale),
  targets: ({ drawn }) => drawn.map(({ row, curve }) => ({ id: row.id, points: curve.points })),
  counts: ({ drawn }) => {
    const points = drawn.reduce((sum, { curve }) => sum + curve.points.length, 0);
    return { points, trials: drawn.length, isEmpty: points === 0 };
  },
  notFinite: ({ drawn }) => drawn.reduce((sum, { curve }) => sum + curve.notFinite, 0),
  isPositive: ({ drawn }) => drawn.every(({ curve }) => curve.points.every(([, y]) => y > 0)),
  isLogScale: (view) => view.curves.logScale,
  withLogScale: (view, logScale) => ({ curves: { ...view.curves, logScale } }),
  sentence: (_shape, { metric }) => t('Intermediate {0} by step; running trials dashed.', keyWord(metric)),
  emptyText: (shape, { page, data }) =>
    emptyText(data.curves.size > 0, page.derived.keys(data).length > 0, page.view.curves.mode, curves.notFinite(shape)),
  summary: ({ drawn }, { metric }) => curvesSummary(drawn, keyWord(metric)),
  hover: ({ id, point }, { data, metric }) => {
    const row = data.rows.get(id);
    if (!row) return null;
    const final = resultOf(row, metric);
    const lines = [numberLine(t('{0} at step {1}', keyWord(metric), point[0]), point[1])];
    if (final?.final) lines.push(numberLine(t('final {0}', keyWord(metric)), final.value));
    return <TrialHover row={row} lines={lines} />;
  },
  Table: CurvesTable,
  Choice: CurvesChoice,
  Aside: CurveList,
};

/** The select of the drawn trials. */
function CurvesChoice({ context: { page, large } }: { context: PlotContext }) {
  const { mode, count } = page.view.curves;
  return (
    <Dropdown
      label={t('Which trials')}
      value={mode === 'selected' ? 'selected' : `${mode} ${count}`}
      choices={[
        ...(large ? counts : counts.slice(0, 4)).map((many) => ({
          value: `top ${many}`,
          label: t('top {0}', many),
        })),
        { value: 'latest 8', label: t('latest 8') },
        { value: 'latest 32', label: t('latest 32') },
        { value: 'selected', label: t('selected') },
      ]}
      onChange={(value) => {
        const [chosen = 'top', many] = value.split(' ');
        page.change({
          curves: { ...page.view.curves, mode: chosen as CurveMode, ...(many ? { count: Number(many) } : {}) },
        });
      }}
    />
  );
}

function emptyText(any: boolean, numbers: boolean, mode: CurveMode, notFinite: number): string {
  if (notFinite > 0) return t('None of the reported values is finite.');
  if (!any) return t('A trial draws its curve here while it runs, one point for each intermediate result it reports.');
  if (!numbers) return t('What trials report on their way are no numbers, so there is no curve to draw.');
  if (mode === 'selected') return t('Select a trial with intermediate results, and its curve is drawn here.');
  return t('No ranked trial has intermediate results of this metric yet.');
}

function curvesSummary(drawn: readonly DrawnCurve[], word: string): string {
  const running = drawn.filter(({ row }) => row.status === 'RUNNING').length;
  const parts = [plural(drawn.length, 'Learning curve of 1 trial', 'Learning curves of {0} trials')];
  if (running > 0) parts.push(t('{0} of them running', running));
  const ends = drawn.flatMap(({ curve }) => curve.points.at(-1)?.[1] ?? []);
  if (ends.length > 0) {
    parts.push(
      t('{0} ends between {1} and {2}', word, formatNumber(Math.min(...ends)), formatNumber(Math.max(...ends))),
    );
  }
  return `${parts.join('; ')}.`;
}

/** The legend beside the plot: colour, trial, newest value. */
function CurveList({ shape: { drawn }, context: { page, metric } }: { shape: Curves; context: PlotContext }) {
  return (
    <ul class="curve-list" aria-label={t('Trials in the plot')}>
      {drawn.map(({ row, slot, curve }) => {
        const result = resultOf(row, metric);
        return (
          <li key={row.id}>
            <button type="button" aria-pressed={page.view.selectedTrial === row.id} onClick={() => page.select(row.id)}>
              <i
                class={row.status === 'RUNNING' ? 'dashed' : ''}
                style={{ borderColor: seriesColor(page.theme, slot) }}
              />
              <span class="curve-name">{trialName(row)}</span>
              <StatusIcon status={row.status} />
              <span class="numeric">{resultText(result?.value ?? curve.points.at(-1)?.[1] ?? Number.NaN)}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

interface StepRow {
  step: number;
  values: Map<string, number>;
}

function CurvesTable({ shape: { drawn }, context: { page, metric } }: { shape: Curves; context: PlotContext }) {
  const { columns, rows } = useMemo(() => {
    const steps = new Map<number, StepRow>();
    for (const { row, curve } of drawn) {
      for (const [step, value] of curve.points) {
        const known = steps.get(step) ?? { step, values: new Map<string, number>() };
        known.values.set(row.id, value);
        steps.set(step, known);
      }
    }
    const columns: GridColumn<StepRow>[] = [
      { id: 'step', title: t('step'), numeric: true, text: (row) => String(row.step) },
      ...drawn.map(
        ({ row: trial }): GridColumn<StepRow> => ({
          id: trial.id,
          title: t('trial {0}', trialName(trial)),
          numeric: true,
          text: (row) => {
            const value = row.values.get(trial.id);
            return value === undefined ? '' : resultText(value);
          },
        }),
      ),
    ];
    return { columns, rows: [...steps.values()].sort((a, b) => a.step - b.step) };
  }, [drawn]);
  const running = drawn.filter(({ row }) => row.status === 'RUNNING');
  return (
    <Grid
      name="curves-table"
      label={
        running.length > 0
          ? t(
              '{0} by step; trial {1} is {2}',
              keyWord(metric),
              running.map(({ row }) => trialName(row)).join(', '),
              statusWord('RUNNING'),
            )
          : t('{0} by step', keyWord(metric))
      }
      columns={columns}
      rows={rows}
      rowId={(row) => String(row.step)}
      fontSize={page.theme.fontSize}
      fontFamily={page.theme.fontFamily}
    />
  );
}
