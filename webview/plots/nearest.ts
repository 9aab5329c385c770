/** Finds the point or line nearest to the pointer, in pixels. */
import type { XY } from '../state/curve.ts';

/** Points of many trials (`ids` beside `points`), or the line of one (`id`). */
export interface Target {
  points: readonly XY[];
  ids?: readonly string[];
  id?: string;
  /** Placed on the bottom edge of the plot, whatever its value. */
  bottom?: boolean;
}

/** Converts values into pixels. Both axes are linear in the value or its logarithm. */
export interface Scale {
  x(value: number): number;
  y(value: number): number;
  bottom: number;
}

export interface Hit {
  id: string;
  point: XY;
  /** Pixels from the plot's left and top edge. */
  left: number;
  top: number;
}

/** The nearest target within `reach` pixels of `left`, `top`. A line counts along its whole length and returns its nearest point. */
export function nearest(
  targets: readonly Target[],
  scale: Scale,
  left: number,
  top: number,
  reach: number,
): Hit | undefined {
  let best: { target: Target; index: number } | undefined;
  let least = reach * reach;
  for (const target of targets) {
    const { points } = target;
    let beforeX = 0;
    let beforeY = 0;
    for (let index = 0; index < points.length; index++) {
      const point = points[index];
      if (!point) continue;
      const x = scale.x(point[0]);
      const y = target.bottom ? scale.bottom : scale.y(point[1]);
      let found = index;
      let distance = (x - left) ** 2 + (y - top) ** 2;
      if (target.id !== undefined && index > 0 && left >= beforeX && left <= x) {
        const along = x === beforeX ? 0 : (left - beforeX) / (x - beforeX);
        const between = (beforeY + along * (y - beforeY) - top) ** 2;
        if (between < distance) {
          distance = between;
          found = along < 0.5 ? index - 1 : index;
        }
      }
      beforeX = x;
      beforeY = y;
      if (distance < least) {
        least = distance;
        best = { target, index: found };
      }
    }
  }
  if (!best) return undefined;
  const { target, index } = best;
  const point = target.points[index];
  const id = target.id ?? target.ids?.[index];
  if (!point || id === undefined) return undefined;
  return { id, point, left: scale.x(point[0]), top: target.bottom ? scale.bottom : scale.y(point[1]) };
}
