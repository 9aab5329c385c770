/**
 * The order in which an object's keys were written. JavaScript lists keys such as `"10"` before all others and by their number;
 * Python, and a person, see them where they were written.
 */

/** Not enumerable: copies and comparisons of an object leave it out. */
const order = Symbol('key order');

/** Notes the order of an object's keys where JavaScript's order differs. @param keys all of the object's keys, as written */
export function orderKeys(object: object, keys: readonly string[]): void {
  const own = Object.keys(object);
  if (own.every((key, index) => key === keys[index])) return;
  Object.defineProperty(object, order, { value: keys, enumerable: false, configurable: true });
}

/** An object's keys in written order; in JavaScript's order where none was noted, or the keys have changed since. */
export function keysInOrder(object: object): readonly string[] {
  const own = Object.keys(object);
  const noted: unknown = Object.getOwnPropertyDescriptor(object, order)?.value;
  if (!Array.isArray(noted) || noted.length !== own.length) return own;
  return noted.every((key) => Object.hasOwn(object, key)) ? noted : own;
}
