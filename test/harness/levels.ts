/** The result of a test level or a part of it: counts, failures, and why it was skipped. */
export interface LevelResult {
  passed: number;
  failed: number;
  skipped: number;
  failures: { title: string; message: string }[];
  /** Why the level, or a part of it, did not run. Printed loudly. */
  skipReason?: string;
}

export function skippedLevel(reason: string): LevelResult {
  return { passed: 0, failed: 0, skipped: 1, failures: [], skipReason: reason };
}

export function failedLevel(title: string, message: string): LevelResult {
  return { passed: 0, failed: 1, skipped: 0, failures: [{ title, message }] };
}

/** The sum of several results. */
export function sumOf(results: Iterable<LevelResult>): LevelResult {
  const sum: LevelResult = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const result of results) {
    sum.passed += result.passed;
    sum.failed += result.failed;
    sum.skipped += result.skipped;
    sum.failures.push(...result.failures);
  }
  return sum;
}
