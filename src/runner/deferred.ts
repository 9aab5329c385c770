/** A promise that its maker settles from outside, as `Promise.withResolvers` of later Node versions gives. */
export interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: Error): void;
}

export function deferred<T>(): Deferred<T> {
  let handles: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    handles = { resolve, reject };
  });
  if (!handles) throw new Error('A promise runs its function at once.');
  return { promise, ...handles };
}
