/** Announces ended trials to screen readers: politely, and at a limited rate. */
import { formatNumber } from '../../src/model/text/format.ts';
import type { SeenTrial } from '../../src/model/trial/trial.ts';
import { plural, t } from '../strings.ts';
import { resultOf } from './results.ts';
import { statusWord, trialName } from './trialStatus.ts';

/** Milliseconds between two announcements. */
const minIntervalMs = 5000;

export class Announcer {
  #waiting: SeenTrial[] = [];
  #last = Number.NEGATIVE_INFINITY;

  add(rows: readonly SeenTrial[]): void {
    this.#waiting.push(...rows);
  }

  /** The next sentence, or undefined when there is nothing to say yet. `now` in milliseconds of any clock. */
  next(now: number, best: string | undefined): string | undefined {
    if (this.#waiting.length === 0 || now - this.#last < minIntervalMs) return undefined;
    this.#last = now;
    const rows = this.#waiting;
    this.#waiting = [];
    return announcement(rows, best);
  }
}

export function announcement(rows: readonly SeenTrial[], best: string | undefined): string {
  const [only] = rows;
  if (rows.length === 1 && only) {
    const result = resultOf(only, 'default');
    const parts = [t('Trial {0} {1}', trialName(only), statusWord(only.status))];
    if (result) parts.push(t('metric {0}', formatNumber(result.value)));
    if (only.id === best) parts.push(t('the best so far'));
    return parts.join(', ');
  }
  const failed = rows.filter((row) => row.status === 'FAILED').length;
  const parts = [plural(rows.length, '1 trial ended', '{0} trials ended')];
  if (failed > 0) parts.push(t('{0} failed', failed));
  if (rows.some((row) => row.id === best)) parts.push(t('a new best among them'));
  return parts.join(', ');
}
