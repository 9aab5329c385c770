/** The order in which people want trials: the best, then running, then waiting, then the newest. */
import type { TrialRow, TrialStatus } from '../model/trial/trial.ts';

const groups: Readonly<Record<TrialStatus, number>> = {
  RUNNING: 1,
  UNKNOWN: 2,
  WAITING: 2,
  SUCCEEDED: 3,
  EARLY_STOPPED: 3,
  FAILED: 3,
  USER_CANCELED: 3,
  SYS_CANCELED: 3,
};

interface Place {
  id: string;
  group: number;
  number: number;
  startTime: number;
}

function compare(a: Place, b: Place): number {
  return (
    a.group - b.group || b.number - a.number || b.startTime - a.startTime || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  );
}

/**
 * Trial ids kept in order. A change moves one id by two binary searches, so a new trial among 10,000 costs microseconds;
 * only {@link TrialOrder.reset} sorts.
 */
export class TrialOrder {
  #places: Place[] = [];
  #byId = new Map<string, Place>();
  #best: string | undefined;

  get length(): number {
    return this.#places.length;
  }

  get best(): string | undefined {
    return this.#best;
  }

  /** Replaces all trials, with one sort. */
  reset(rows: Iterable<TrialRow>, best: string | undefined): void {
    this.#best = best;
    this.#places = [];
    this.#byId = new Map();
    for (const row of rows) {
      const place = this.#placeOf(row);
      this.#places.push(place);
      this.#byId.set(row.id, place);
    }
    this.#places.sort(compare);
  }

  /** Moves a new or changed trial to its position. Returns whether the order changed. */
  update(row: TrialRow): boolean {
    const old = this.#byId.get(row.id);
    const place = this.#placeOf(row);
    if (old) {
      if (compare(old, place) === 0) return false;
      this.#places.splice(this.#search(old), 1);
    }
    this.#places.splice(this.#search(place), 0, place);
    this.#byId.set(row.id, place);
    return true;
  }

  /** Removes a trial. Returns whether it was there. */
  remove(id: string): boolean {
    const place = this.#byId.get(id);
    if (!place) return false;
    this.#places.splice(this.#search(place), 1);
    return this.#byId.delete(id);
  }

  /** Sets the best trial. Returns whether the order changed. */
  setBest(best: string | undefined, row: (id: string) => TrialRow | undefined): boolean {
    if (best === this.#best) return false;
    const before = this.#best;
    this.#best = best;
    let isMoved = false;
    for (const id of [before, best]) {
      const changed = id === undefined ? undefined : row(id);
      if (changed && this.#byId.has(changed.id)) isMoved = this.update(changed) || isMoved;
    }
    return isMoved;
  }

  /** Ids from `start` to `end` (exclusive). */
  slice(start = 0, end = this.#places.length): string[] {
    return this.#places.slice(start, end).map((place) => place.id);
  }

  /** Position of a trial, -1 when it is not there. */
  indexOf(id: string): number {
    const place = this.#byId.get(id);
    return place ? this.#search(place) : -1;
  }

  #placeOf(row: TrialRow): Place {
    return {
      id: row.id,
      group: row.id === this.#best ? 0 : groups[row.status],
      number: row.number,
      startTime: row.startTime ?? 0,
    };
  }

  /** Index of the first place that is not before `place`. */
  #search(place: Place): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const candidate = this.#places[middle];
      if (candidate && compare(candidate, place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
