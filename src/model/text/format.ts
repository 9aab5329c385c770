/** Numbers and durations as people read them, the same in tree, status bar, CodeLens and page. */

/**
 * Four significant digits: `0.9731`, `1.0e-3`, `12346`; integers in full. Never a thousands separator, so that a number
 * can be copied into a config.
 */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞';
  if (Number.isSafeInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 0.009_999_5) {
    const [mantissa = '', exponent = ''] = value.toExponential(3).split('e');
    // At least one digit after the point, so that it does not look like an integer.
    return `${mantissa.replace(/(\.\d+?)0+$/, '$1')}e${exponent.replace('+', '')}`;
  }
  return size >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(4)));
}

/** @param seconds any non-negative number: `0.4 s`, `3 s`, `42 s`, `3m 12s`, `1h 02m`, `2d 3h`. */
export function formatDuration(seconds: number): string {
  if (!(seconds >= 0)) return '';
  // Whole seconds were measured as such: a tenth would be made up.
  if (seconds < 9.95 && !Number.isInteger(seconds)) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pad = (value: number) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
  const hours = Math.round(whole / 3600);
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}
