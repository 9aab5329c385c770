/** Translation and formatting of the page's texts. The English text is the key, as in `vscode.l10n`. */
import type { Strings } from '../src/protocol.ts';

let translations: Strings = {};
let language: string | undefined;

export function setStrings(strings: Strings): void {
  translations = strings;
}

/** @param tag a BCP 47 language tag; the browser's own language when undefined. */
export function setLanguage(tag: string | undefined): void {
  language = tag;
}

/** The text in the window's language with `{0}`, `{1}`, ... filled in. */
export function t(message: string, ...values: (string | number)[]): string {
  const text = translations[message] ?? message;
  return values.length === 0
    ? text
    : text.replace(/\{(\d+)\}/g, (place, index: string) => String(values[Number(index)] ?? place));
}

/** `one` for exactly one, else `many` with `{0}` as the number. */
export function plural(count: number, one: string, many: string): string {
  return count === 1 ? t(one) : t(many, count);
}

/** `12:41`, with the day when it is not today. */
export function clockTime(time: number, now: number): string {
  return timeOfDay(time, now, { hour: 'numeric', minute: '2-digit' });
}

/** `12:41:07`, with the day when it is not today; for a column. */
export function startTime(time: number, now: number): string {
  return timeOfDay(time, now, { hour: 'numeric', minute: '2-digit', second: '2-digit' });
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Cached: creating a format takes longer than drawing a table row. */
function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([language, options]);
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(language, options);
    formats.set(key, format);
  }
  return format;
}

function timeOfDay(time: number, now: number, options: Intl.DateTimeFormatOptions): string {
  const today = dayOf(time) === dayOf(now);
  return dateFormat(today ? options : { month: 'short', day: 'numeric', ...options }).format(time);
}

function dayOf(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

/** Date and time of day to the second. */
export function fullTime(time: number): string {
  return dateFormat({ dateStyle: 'medium', timeStyle: 'medium' }).format(time);
}

/** `just now`, `2 min ago`, `yesterday`. */
export function ago(time: number, now: number): string {
  const seconds = Math.max(0, (now - time) / 1000);
  if (seconds < 45) return t('just now');
  if (seconds < 3600) return t('{0} min ago', Math.max(1, Math.round(seconds / 60)));
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  if (seconds < 86_400) return format.format(-Math.round(seconds / 3600), 'hour');
  if (seconds < 30 * 86_400) return format.format(-Math.round(seconds / 86_400), 'day');
  return dateFormat({ dateStyle: 'medium' }).format(time);
}
