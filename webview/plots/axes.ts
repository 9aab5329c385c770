/** The axes and options shared by all plots. */
import { formatNumber } from '../../src/model/text/format.ts';
import type { Theme } from '../state/theme.ts';

const small = 0.85;

export function xAxis(theme: Theme, name: string, end: number) {
  return {
    ...common(theme),
    type: 'value' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap: Math.round(theme.fontSize * 1.7),
    nameTextStyle: { color: theme.muted, fontSize: theme.fontSize * small },
    min: 0,
    max: end,
    minInterval: 1,
    splitLine: { show: false },
  };
}

/**
 * @param logScale only when all values are above zero.
 * @param lines about how many grid lines fit
 */
export function yAxis(theme: Theme, logScale: boolean, lines = 6) {
  return {
    ...common(theme),
    type: logScale ? ('log' as const) : ('value' as const),
    scale: true,
    splitNumber: lines,
    axisLine: { show: false },
    splitLine: { lineStyle: { color: theme.grid } },
  };
}

function common(theme: Theme) {
  return {
    axisLine: { lineStyle: { color: theme.border } },
    axisTick: { show: false },
    axisLabel: {
      color: theme.muted,
      fontSize: theme.fontSize * small,
      hideOverlap: true,
      formatter: (value: number) => axisNumber(value),
    },
  };
}

/** An axis label without floating-point noise. */
function axisNumber(value: number): string {
  return formatNumber(Number(value.toPrecision(6)));
}

/** The options of every plot besides its axes and series. */
export function frame(theme: Theme) {
  return {
    animation: false,
    textStyle: { fontFamily: theme.fontFamily, color: theme.muted },
    grid: {
      left: 2,
      right: 10,
      top: 10,
      bottom: Math.round(theme.fontSize * 1.9),
      outerBoundsMode: 'same' as const,
      outerBoundsContain: 'axisLabel' as const,
    },
    // Keep points outside, so that lines continue over the edge. The wheel scrolls the page unless a key is held.
    dataZoom: [
      {
        type: 'inside' as const,
        xAxisIndex: 0,
        filterMode: 'none' as const,
        zoomOnMouseWheel: 'ctrl' as const,
        moveOnMouseMove: 'shift' as const,
        moveOnMouseWheel: false,
        preventDefaultMouseMove: false,
      },
    ],
  };
}
