/** A seeded random generator whose state can be stored: sfc32 (Chris Doty-Humphrey, PractRand). */

export type GeneratorState = [number, number, number, number];

export class RandomGenerator {
  #state: GeneratorState;

  constructor(seed: number) {
    this.#state = [seed | 0, Math.floor(seed / 2 ** 32) | 0, 0x9e3779b9 | 0, 1];
    // The first outputs still show the seed.
    for (let i = 0; i < 15; i++) this.#next();
  }

  get state(): GeneratorState {
    return [...this.#state];
  }

  set state(state: GeneratorState) {
    this.#state = [...state];
  }

  /** Draws a number in [0, 1) with 53 bits. */
  uniform(): number {
    return ((this.#next() >>> 5) * 2 ** 26 + (this.#next() >>> 6)) / 2 ** 53;
  }

  /** Draws a whole number from 0 to `size` - 1. */
  below(size: number): number {
    return Math.min(size - 1, Math.floor(this.uniform() * size));
  }

  /** Draws from a normal distribution (Box-Muller). Drops the method's second value, which would be part of the state. */
  normal(mu: number, sigma: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mu + sigma * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Draws an index with these weights, whose sum is `total`. */
  weighted(weights: readonly number[], total: number): number {
    let rest = this.uniform() * total;
    for (let index = 0; index < weights.length - 1; index++) {
      rest -= weights[index] ?? 0;
      if (rest < 0) return index;
    }
    return weights.length - 1;
  }

  #next(): number {
    const [a, b, c, counter] = this.#state;
    const result = (a + b + counter) | 0;
    this.#state = [b ^ (b >>> 9), (c + (c << 3)) | 0, (((c << 21) | (c >>> 11)) + result) | 0, (counter + 1) | 0];
    return result >>> 0;
  }
}

/** Returns the generator's state in a tuner's checkpoint, `{ "generator": [ … ] }`; undefined when it has none. */
export function generatorStateIn(checkpoint: unknown): GeneratorState | undefined {
  if (typeof checkpoint !== 'object' || checkpoint === null || !('generator' in checkpoint)) return undefined;
  const { generator } = checkpoint;
  if (!Array.isArray(generator)) return undefined;
  const [a, b, c, counter]: unknown[] = generator;
  const isState = [a, b, c, counter].every((part) => typeof part === 'number');
  return isState ? [Number(a), Number(b), Number(c), Number(counter)] : undefined;
}

/** Returns the `seed` among a tuner's arguments; undefined when it has none. */
export function seedIn(classArgs: Readonly<Record<string, unknown>>): number | undefined {
  return typeof classArgs.seed === 'number' ? classArgs.seed : undefined;
}

/** Returns a random seed, for experiments without one. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
