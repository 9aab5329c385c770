/** Chooses the trials whose learning curves are drawn, and their colours. */
import type { SeenTrial } from '../../../src/model/trial/trial.ts';

export type CurveMode = 'top' | 'latest' | 'selected';

/**
 * The trials whose curves are shown: the top or latest `count` that have intermediate results, then those that have not ended and the
 * selected one, which are always drawn.
 * @param ranked all ranked trials, best first.
 */
export function chooseCurves(
  rows: ReadonlyMap<string, SeenTrial>,
  ranked: readonly SeenTrial[],
  choice: { mode: CurveMode; count: number; selected: string | null },
): SeenTrial[] {
  const chosen = new Map<string, SeenTrial>();
  const add = (row: SeenTrial | undefined) => {
    if (row && row.intermediates > 0) chosen.set(row.id, row);
  };
  const selected = choice.selected === null ? undefined : rows.get(choice.selected);
  if (choice.mode === 'selected') {
    add(selected);
    return [...chosen.values()];
  }
  const all = [...rows.values()];
  if (choice.mode === 'top') {
    for (const row of ranked) {
      if (chosen.size >= choice.count) break;
      add(row);
    }
  } else {
    for (let index = all.length - 1; index >= 0 && chosen.size < choice.count; index--) add(all[index]);
  }
  for (const row of all) if (row.status === 'RUNNING' || row.status === 'NOT_ENDED') add(row);
  add(selected);
  return [...chosen.values()];
}

/** Assigns colours to the drawn trials. A trial keeps its colour while it is drawn, whichever others change. */
export class ColorSlots {
  readonly #slots = new Map<string, number>();

  /** Slot 0 belongs to the trial in focus; the others get 1, 2, 3, … */
  assign(ids: readonly string[], focus: string | undefined): ReadonlyMap<string, number> {
    const shown = new Set(ids);
    for (const id of this.#slots.keys()) if (!shown.has(id)) this.#slots.delete(id);
    const taken = new Set(this.#slots.values());
    let next = 1;
    for (const id of ids) {
      if (this.#slots.has(id)) continue;
      while (taken.has(next)) next++;
      taken.add(next);
      this.#slots.set(id, next);
    }
    const result = new Map(this.#slots);
    if (focus !== undefined && result.has(focus)) result.set(focus, 0);
    return result;
  }
}
