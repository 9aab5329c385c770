/** NNI's durations: seconds, or a number with a unit (nni/experiment/config/utils/public.py). */
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Seconds of `90`, `'90'`, `'90s'`, `'1.5h'`, `'2d'`, rounded up to whole ones as NNI does.
 *
 * @throws RangeError with words for a person when the text is not such a duration, or is not above zero
 */
export function parseDuration(value: number | string): number {
  const match = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([smhd]?)\s*$/i.exec(String(value));
  const seconds = match ? Math.ceil(Number(match[1]) * (units[(match[2] || 's').toLowerCase()] ?? 1)) : Number.NaN;
  if (!Number.isFinite(seconds))
    throw new RangeError(`"${value}" is no duration; write a number and s, m, h or d, such as 10m or 2h.`);
  if (seconds <= 0) throw new RangeError('A duration must be longer than zero.');
  return seconds;
}

export { formatDuration } from '../text/format.ts';
