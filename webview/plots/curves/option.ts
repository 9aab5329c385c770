/** The plot library's options for learning curves. */
import type { CurvePoints } from '../../state/curve.ts';
import type { ShownCurve } from '../../state/derived.ts';
import type { Theme } from '../../state/theme.ts';
import { t } from '../../strings.ts';
import { frame, xAxis, yAxis } from '../axes.ts';
import type { EChartsCoreOption } from '../echarts.ts';
import { steadyEnd } from '../history/shape.ts';

export interface DrawnCurve extends ShownCurve {
  curve: CurvePoints;
}

export function seriesColor(theme: Theme, slot: number): string {
  if (slot === 0) return theme.series[0] ?? theme.accent;
  // The first colour is reserved for the trial in focus.
  const others = theme.series.length - 1;
  return theme.series[1 + ((slot - 1) % others)] ?? theme.muted;
}

/** @param lines about how many grid lines fit */
export function curvesOption(
  curves: readonly DrawnCurve[],
  theme: Theme,
  logScale: boolean,
  lines?: number,
): EChartsCoreOption {
  const many = curves.length > 24;
  const last = curves.reduce((end, { curve }) => Math.max(end, curve.points.at(-1)?.[0] ?? 0), 0);
  return {
    ...frame(theme),
    xAxis: xAxis(theme, t('step'), steadyEnd(last, 5)),
    yAxis: [yAxis(theme, logScale, lines), { type: 'value', show: false, min: 0, max: 1 }],
    series: curves.map(({ row, slot, curve }) => {
      const running = row.status === 'RUNNING';
      const color = seriesColor(theme, slot);
      const focus = slot === 0;
      const head = curve.points.at(-1);
      const marked = head && (running || curve.points.length === 1);
      return {
        id: row.id,
        type: 'line' as const,
        silent: true,
        // Mark only the newest point of a running trial, so that its arrival is visible.
        symbol: 'none',
        showSymbol: marked !== undefined,
        data: marked ? [...curve.points.slice(0, -1), { value: head, symbol: 'circle', symbolSize: 6 }] : curve.points,
        itemStyle: { color },
        lineStyle: {
          color,
          width: focus ? 2.6 : many ? 1 : 1.5,
          type: running ? ('dashed' as const) : ('solid' as const),
          opacity: focus || theme.highContrast ? 1 : many ? 0.6 : 0.9,
        },
        emphasis: { focus: 'series' as const, lineStyle: { width: focus ? 3 : 2.4, opacity: 1 } },
        blur: { lineStyle: { opacity: 0.15 }, itemStyle: { opacity: 0.15 } },
        ...(curve.points.length > 2000 ? { sampling: 'lttb' as const } : {}),
        z: focus ? 4 : 2,
      };
    }),
  };
}
