/** The adaptive Parzen estimator of TPE (Bergstra et al. 2011, section 4.2): a mixture of normal densities around observations. */
import type { RandomGenerator } from './randomGenerator.ts';

export interface Mixture {
  /** They add up to 1. */
  weights: number[];
  mus: number[];
  sigmas: number[];
  range?: { low: number; high: number };
  /** Share of the mixture that lies in the range. */
  inside: number;
}

export interface MixtureOptions {
  centres: readonly number[];
  /** One for each centre. */
  weights: readonly number[];
  prior: { mu: number; sigma: number; weight: number };
  /** Where the density is cut off. */
  range?: { low: number; high: number };
}

/** Builds a mixture of one normal density for each centre, as wide as the gap to its farther neighbour, and one for the prior. */
export function normalMixture({ centres, weights, prior, range }: MixtureOptions): Mixture {
  const parts = centres.map((mu, index) => ({ mu, weight: weights[index] ?? 1, isPrior: false }));
  parts.push({ mu: prior.mu, weight: prior.weight, isPrior: true });
  parts.sort((a, b) => a.mu - b.mu);
  const narrowest = prior.sigma / Math.min(100, parts.length + 1);
  const sigmas = parts.map(({ mu, isPrior }, index) => {
    if (isPrior) return prior.sigma;
    if (parts.length === 2) return prior.sigma / 2;
    const left = index > 0 ? mu - (parts[index - 1]?.mu ?? mu) : 0;
    const right = index < parts.length - 1 ? (parts[index + 1]?.mu ?? mu) - mu : 0;
    return Math.min(Math.max(left, right, narrowest), prior.sigma);
  });
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  const mixture: Mixture = {
    weights: parts.map(({ weight }) => (total > 0 ? weight / total : 1 / parts.length)),
    mus: parts.map(({ mu }) => mu),
    sigmas,
    inside: 1,
  };
  if (range) {
    mixture.range = range;
    mixture.inside = 0;
    for (const [index, weight] of mixture.weights.entries()) {
      const mu = mixture.mus[index] ?? 0;
      const sigma = sigmas[index] ?? 1;
      mixture.inside += weight * (cumulative((range.high - mu) / sigma) - cumulative((range.low - mu) / sigma));
    }
  }
  return mixture;
}

export function sampleMixture(generator: RandomGenerator, mixture: Mixture): number {
  for (;;) {
    const index = generator.weighted(mixture.weights, 1);
    const x = generator.normal(mixture.mus[index] ?? 0, mixture.sigmas[index] ?? 1);
    // Every centre lies in the range, so at least about half of the draws do.
    if (!mixture.range || (x >= mixture.range.low && x < mixture.range.high)) return x;
  }
}

export function logDensity(mixture: Mixture, x: number): number {
  let density = 0;
  for (const [index, weight] of mixture.weights.entries()) {
    const sigma = mixture.sigmas[index] ?? 1;
    const z = (x - (mixture.mus[index] ?? 0)) / sigma;
    density += (weight / sigma) * Math.exp(-0.5 * z * z);
  }
  return Math.log(density / mixture.inside);
}

/** Cumulative standard normal distribution, by Abramowitz and Stegun 7.1.26 (error below 2e-7, enough for a normalisation). */
function cumulative(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const tail =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
    Math.exp(-x * x);
  return z >= 0 ? 1 - tail / 2 : tail / 2;
}
