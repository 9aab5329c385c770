/** The verdict on a trial that has ended: its status, and the reason in a few words for a person. */
import { stripVTControlCharacters } from 'node:util';
import type { JsonValue } from '../../model/json/jsonValue.ts';
import { decodeMetric } from '../../model/trial/metric.ts';
import type { TrialStatus } from '../../model/trial/trial.ts';
import type { Report } from '../../search/algorithm.ts';
import type { TrialEnd } from '../trainingServices/trainingService.ts';

/** Why the runner itself ended a trial. */
export interface Cancellation {
  status: 'USER_CANCELED' | 'EARLY_STOPPED' | 'SYS_CANCELED';
  message: string;
}

/** Reads a stored cancellation; undefined for anything else. */
export function readCancellation(stored: JsonValue | undefined): Cancellation | undefined {
  if (typeof stored !== 'object' || stored === null || !('status' in stored)) return undefined;
  const { status, message } = stored;
  if (status !== 'USER_CANCELED' && status !== 'EARLY_STOPPED' && status !== 'SYS_CANCELED') return undefined;
  return { status, message: typeof message === 'string' ? message : 'stopped' };
}

export interface Verdict {
  status: TrialStatus;
  message?: string;
  /** The result that the search learns; absent when the trial gave none. */
  final?: Report;
  /** The last number that a trial reported before it was stopped early. */
  latest?: Report;
}

/** Longest quotation of a trial's own output in a message. */
const maxQuoteChars = 200;

/** The message of a trial that ended in an unknown way. */
export const unwatchedEnd = 'the machine or the trial was killed while no runner watched';

/** A reported metric as a number to search by; undefined for text, NaN and infinities. */
export function usableReport(text: string): Report | undefined {
  const value = decodeMetric(text).default;
  return value !== undefined && Number.isFinite(value) ? { value, text } : undefined;
}

/**
 * Judges a trial that is over. As in NNI, the exit code decides between SUCCEEDED and FAILED. That holds for a cancelled
 * trial, too, when it still reports its result and ends well. Unlike in NNI, a trial has FAILED when it was killed by a signal
 * that the runner did not send.
 *
 * @param reported texts of the first final result and of the last usable intermediate one; absent where there is none
 * @param errors the end of the trial's error output
 */
export function judge(
  end: TrialEnd,
  reported: { final?: string; latest?: string },
  cancellation: Cancellation | undefined,
  errors: string,
): Verdict {
  const final = reported.final === undefined ? undefined : usableReport(reported.final);
  if (cancellation && !(end.exitCode === 0 && final)) {
    const latest = final ?? (reported.latest === undefined ? undefined : usableReport(reported.latest));
    return { ...cancellation, ...(cancellation.status === 'EARLY_STOPPED' && latest ? { latest } : {}) };
  }
  if (end.exitCode === 0)
    return final ? { status: 'SUCCEEDED', final } : { status: 'SUCCEEDED', message: unusable(reported.final) };
  const said = lastWords(errors);
  return { status: 'FAILED', message: said === '' ? reasonOf(end) : `${reasonOf(end)}: ${said}` };
}

/** Says why a search can't use a final result. */
function unusable(final: string | undefined): string {
  if (final === undefined) return 'ended without a final result';
  const { default: value, entries } = decodeMetric(final);
  if (value !== undefined) return `final result is ${Number.isNaN(value) ? 'NaN' : 'infinite'}`;
  if (Object.keys(entries).length > 0 || final.startsWith('{')) return "final result has no number named 'default'";
  return final.startsWith('"') ? 'final result is text' : 'final result is no number';
}

function reasonOf(end: TrialEnd): string {
  if (end.reason !== undefined) return end.reason;
  if (end.exitCode !== undefined) return `exit ${end.exitCode}`;
  if (end.signal === 'SIGKILL') return 'killed by SIGKILL, maybe for want of memory';
  return end.signal === undefined ? unwatchedEnd : `killed by ${end.signal}`;
}

/** Returns the last line with words in it; of a traceback, the exception. */
function lastWords(errors: string): string {
  // Progress bars rewrite one line with carriage returns.
  const lines = stripVTControlCharacters(errors)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => /[A-Za-z0-9]/.test(line));
  const exception = lines.findLast((line) => /^[\w.]*(Error|Exception|Interrupt|Exit|Warning)\b/.test(line));
  const words = exception ?? lines.at(-1) ?? '';
  return words.length > maxQuoteChars ? `${words.slice(0, maxQuoteChars - 1)}…` : words;
}
