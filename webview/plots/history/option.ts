/** The plot library's options for the history. */
import type { XY } from '../../state/curve.ts';
import type { Theme } from '../../state/theme.ts';
import { type StatusKind, statusKinds } from '../../state/trialStatus.ts';
import { t } from '../../strings.ts';
import { frame, xAxis, yAxis } from '../axes.ts';
import type { EChartsCoreOption } from '../echarts.ts';
import { type History, type HistoryGroup, steadyEnd } from './shape.ts';

const cross = 'path://M1 0L5 4L9 0L10 1L6 5L10 9L9 10L5 6L1 10L0 9L4 5L0 1Z';
const slashed =
  'path://M5 0A5 5 0 1 1 5 10A5 5 0 1 1 5 0ZM5 1.5A3.5 3.5 0 1 0 5 8.5A3.5 3.5 0 1 0 5 1.5ZM1.7 2.8L2.8 1.7L8.3 7.2L7.2 8.3Z';

interface Shape {
  symbol: string;
  /** In a legend. */
  sign: string;
  scale: number;
}

/** One shape for each kind. */
const shapes: Readonly<Record<StatusKind, Shape>> = {
  succeeded: { symbol: 'circle', sign: '●', scale: 1 },
  stoppedEarly: { symbol: 'triangle', sign: '▲', scale: 1.2 },
  failed: { symbol: cross, sign: '✕', scale: 1 },
  cancelled: { symbol: slashed, sign: '⊘', scale: 1.15 },
  running: { symbol: 'circle', sign: '○', scale: 1 },
  waiting: { symbol: 'circle', sign: '○', scale: 0.8 },
  notEnded: { symbol: 'circle', sign: '○', scale: 1 },
};

/** From this many points of a kind on, the plot library draws them in one pass, which supports only its own shapes. */
const fastDrawingMinPoints = 400;
const plainShapes: Partial<Record<StatusKind, Shape>> = {
  failed: { symbol: 'rect', sign: '■', scale: 0.9 },
  cancelled: { symbol: 'diamond', sign: '◆', scale: 1.15 },
};

export function shapeOf(kind: StatusKind, count: number): Shape {
  return (count > fastDrawingMinPoints ? plainShapes[kind] : undefined) ?? shapes[kind];
}

export function historyOption(
  history: History,
  theme: Theme,
  choice: { logScale: boolean; focus: string | undefined },
): EChartsCoreOption {
  const count = history.groups.reduce((sum, group) => sum + group.points.length, 0);
  const size = count > 3000 ? 3 : count > 800 ? 4.5 : count > 250 ? 6 : 7;
  const opacity = theme.highContrast ? 1 : count > 3000 ? 0.55 : 0.8;
  const scatter = (kind: StatusKind, id: string, group: HistoryGroup | undefined) => ({
    id,
    type: 'scatter' as const,
    silent: true,
    symbol: shapeOf(kind, group?.points.length ?? 0).symbol,
    symbolSize: size * shapeOf(kind, group?.points.length ?? 0).scale,
    large: true,
    largeThreshold: fastDrawingMinPoints,
    // A ring for trials that have not ended. The library's own ring is filled with white.
    itemStyle:
      kind === 'running' || kind === 'waiting' || kind === 'notEnded'
        ? { color: theme.background, borderWidth: 2, borderColor: theme.tones[kind] }
        : { color: theme.tones[kind], opacity },
    dimensions: ['x', 'y'],
    data: group ? flatten(group.points) : [],
  });
  return {
    ...frame(theme),
    xAxis: xAxis(theme, t('trial'), steadyEnd(history.last)),
    yAxis: [yAxis(theme, choice.logScale), { type: 'value', show: false, min: 0, max: 1 }],
    series: [
      {
        id: 'best',
        type: 'line',
        silent: true,
        showSymbol: false,
        lineStyle: { color: theme.accent, width: 2 },
        data: steps(history.best, history.last),
        z: 3,
      },
      ...statusKinds.map((kind) =>
        scatter(
          kind,
          kind,
          history.groups.find((group) => group.kind === kind),
        ),
      ),
      { ...scatter('failed', 'withoutValue', history.withoutValue), yAxisIndex: 1, symbolOffset: [0, -7], clip: false },
      {
        id: 'focus',
        type: 'scatter',
        silent: true,
        symbolSize: 14,
        itemStyle: { color: 'transparent', borderColor: theme.accent, borderWidth: 2 },
        data: focusPoints(history, choice.focus),
        z: 4,
      },
    ],
  };
}

const flattened = new WeakMap<readonly XY[], Float64Array>();

/** Packs points into one array of numbers, which the plot library uses without copying. */
function flatten(points: readonly XY[]): Float64Array {
  let numbers = flattened.get(points);
  if (!numbers) {
    numbers = new Float64Array(points.length * 2);
    for (const [index, [x, y]] of points.entries()) {
      numbers[2 * index] = x;
      numbers[2 * index + 1] = y;
    }
    flattened.set(points, numbers);
  }
  return numbers;
}

/** Share of the axis that exceeds two pixels, below which the plot library skips a segment. */
const notice = 1 / 120;

/**
 * The step line's corners. The library skips short segments, so that after a tiny step the line would slope all the way
 * to the next one: a point soon after each step keeps it level.
 */
function steps(best: readonly XY[], last: number): XY[] {
  const points: XY[] = [];
  for (const [index, [x, y]] of best.entries()) {
    const before = best[index - 1];
    if (before) points.push([x, before[1]]);
    points.push([x, y]);
    const next = best[index + 1];
    if (next) points.push([x + Math.min((next[0] - x) / 2, last * notice), y]);
  }
  return points;
}

function focusPoints(history: History, focus: string | undefined) {
  if (focus === undefined) return [];
  for (const group of history.groups) {
    const index = group.ids.indexOf(focus);
    const point = group.points[index];
    if (point) return [point];
  }
  return [];
}
