/** Stores the facts read from each database, over restarts of the manager: `<experiments>/.trialdeck/summaries.json`. */
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import type { ExperimentProfile, TrialSdk } from '../../../model/experiment/experiment.ts';
import type { StoredFacts } from '../../../server/sources/storedFacts.ts';
import { totalsSchema } from '../../../server/storage/trialTotals.ts';
import { diskWriter, type FileWriter } from '../../../system/fileWriter.ts';

/** The file is written at most this often. */
const saveIntervalMs = 2000;
const maxBytes = 50_000_000;

/** The parts of a config that a summary shows; a search space may be large. */
const summaryParams = [
  'experimentName',
  'experimentType',
  'trainingService',
  'tuner',
  'advisor',
  'assessor',
  'trialConcurrency',
  'maxTrialNumber',
  'maxExperimentDuration',
] as const;

function object<T extends object>() {
  return v.custom<T>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
}

const factsSchema = v.object({
  engine: v.picklist(['trialdeck', 'nni']),
  configFile: v.exactOptional(v.string()),
  sdk: v.exactOptional(object<TrialSdk>()),
  profile: v.object({
    params: object<ExperimentProfile['params']>(),
    id: v.string(),
    execDuration: v.number(),
    startTime: v.exactOptional(v.number()),
    endTime: v.exactOptional(v.number()),
    logDir: v.string(),
    nextSequenceId: v.number(),
    revision: v.number(),
  }),
  totals: totalsSchema,
  holder: v.exactOptional(
    v.object({ pid: v.number(), start: v.exactOptional(v.string()), port: v.exactOptional(v.number()) }),
  ),
  readAt: v.number(),
});

const cacheSchema = v.object({
  version: v.string(),
  /** By folder. */
  experiments: v.record(v.string(), v.object({ stamp: v.string(), facts: factsSchema })),
});

export class FactsCache {
  readonly #path: string;
  readonly #version: string;
  readonly #writer: FileWriter;
  #experiments = new Map<string, { stamp: string; facts: StoredFacts }>();
  #timer: NodeJS.Timeout | undefined;

  /** @param version of the manager: another version may read the same rows differently */
  constructor(root: string, version: string, writer = diskWriter) {
    this.#path = join(root, '.trialdeck', 'summaries.json');
    this.#version = version;
    this.#writer = writer;
  }

  /** Reads the file. One that is missing, damaged or of another version counts as empty. */
  async load(): Promise<void> {
    try {
      const text = await readFile(this.#path, 'utf8');
      const parsed = text.length > maxBytes ? undefined : v.safeParse(cacheSchema, JSON.parse(text));
      if (!parsed?.success || parsed.output.version !== this.#version) return;
      this.#experiments = new Map(Object.entries(parsed.output.experiments));
    } catch {
      // Every experiment is then read again.
    }
  }

  /** @param stamp see fileStamp() */
  get(directory: string, stamp: string): StoredFacts | undefined {
    const known = this.#experiments.get(directory);
    return known?.stamp === stamp ? known.facts : undefined;
  }

  set(directory: string, stamp: string, facts: StoredFacts): void {
    const params = Object.fromEntries(
      summaryParams.flatMap((name) =>
        facts.profile.params[name] === undefined ? [] : [[name, facts.profile.params[name]]],
      ),
    );
    const kept = v.safeParse(factsSchema, { ...facts, profile: { ...facts.profile, params } });
    if (!kept.success) return;
    this.#experiments.set(directory, { stamp, facts: kept.output });
    this.#timer ??= setTimeout(() => this.save(), saveIntervalMs).unref();
  }

  /** Removes all other folders from the cache. */
  retain(directories: Iterable<string>): void {
    const kept = new Set(directories);
    for (const directory of [...this.#experiments.keys()]) {
      if (!kept.has(directory)) this.#experiments.delete(directory);
    }
  }

  /** Writes what has changed. A folder that can't be written only costs time at the next start. */
  save(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      const content = { version: this.#version, experiments: Object.fromEntries(this.#experiments) };
      this.#writer.replaceSync(this.#path, JSON.stringify(content), { mode: 0o600 });
    } catch {
      // A folder that can't be written only costs time at the next start.
    }
  }
}
