/** A value that is recomputed only when its inputs change. */

/** Remembers the last result for the last `inputs`, compared one by one with `Object.is`. */
export function memoLast<Inputs extends readonly unknown[], Value>(
  work: (...inputs: Inputs) => Value,
  key: (...inputs: Inputs) => readonly unknown[] = (...inputs) => inputs,
): (...inputs: Inputs) => Value {
  let last: { key: readonly unknown[]; value: Value } | undefined;
  return (...inputs) => {
    const now = key(...inputs);
    if (!last || !sameItems(last.key, now)) last = { key: now, value: work(...inputs) };
    return last.value;
  };
}

export function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => Object.is(item, b[index]));
}
