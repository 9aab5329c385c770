/** Counts of one level of tests, and how a level says that it could not run. */
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
