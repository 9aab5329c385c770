/**
 * NNI's manifest `.experiment` in the experiments folder: one JSON object of all experiments, shared with nnictl and NNI's
 * manager under NNI's lock rule (nni/tools/nnictl/config_utils.py, ts/nni_manager/common/experimentManager.ts).
 */
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import type { ManifestEntry } from '../../model/experiment/experiment.ts';
import { expandHome } from '../../model/text/expandHome.ts';
import { type Clock, systemClock } from '../../system/clock.ts';
import { errorCode } from '../../system/errorCode.ts';
import { diskWriter, type FileWriter } from '../../system/fileWriter.ts';
import { hasArgument } from '../../system/processTable.ts';
import { watchFolder } from '../../system/watchFolder.ts';
import { StorageError, storageError } from './storageError.ts';

/** A lock file younger than this is another writer's (NNI's rule). */
const lockLifetimeMs = 2000;
const lockTimeoutMs = 10_000;

const entrySchema = v.looseObject({
  id: v.string(),
  // NNI writes "N/A" for an absent one, as for architecture searches.
  port: v.fallback(v.optional(v.number()), undefined),
  startTime: v.optional(v.number()),
  endTime: v.optional(v.union([v.number(), v.literal('N/A')])),
  status: v.fallback(v.string(), 'STOPPED'),
  platform: v.fallback(v.string(), 'local'),
  experimentName: v.fallback(v.optional(v.string()), undefined),
  tag: v.fallback(v.array(v.string()), []),
  pid: v.fallback(v.optional(v.number()), undefined),
  webuiUrl: v.fallback(v.array(v.string()), []),
  logDir: v.pipe(
    v.string(),
    v.transform((path) => expandHome(path, homedir())),
  ),
  prefixUrl: v.fallback(v.nullish(v.string()), null),
});

export type Manifest = Record<string, ManifestEntry>;

export function manifestPath(root: string): string {
  return join(root, '.experiment');
}

/**
 * All entries that make sense; one that does not is left out. A missing file is an empty manifest.
 * Throws StorageError `corrupt` when the file stays unreadable: NNI writes it in place, so a broken text is often only half written.
 */
export async function readManifest(root: string): Promise<Manifest> {
  const raw = await readRaw(root);
  const manifest: Manifest = {};
  for (const [id, value] of Object.entries(raw)) {
    const parsed = v.safeParse(entrySchema, value);
    if (parsed.success && !(id in Object.prototype)) manifest[id] = parsed.output as ManifestEntry;
  }
  return manifest;
}

async function readRaw(root: string): Promise<Record<string, unknown>> {
  const path = manifestPath(root);
  for (let attempt = 0; ; attempt++) {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return {};
      throw storageError(error, path);
    }
    // NNI empties the file before it writes it anew; one that stays empty has no experiments.
    if (text.trim() === '') {
      if (attempt >= 10) return {};
      await systemClock.delay(30);
      continue;
    }
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
      return {};
    } catch (error) {
      // Half written by NNI: whole again within milliseconds.
      if (attempt >= 10)
        throw new StorageError(
          'corrupt',
          `${path} is not valid JSON. Repair or remove it; the experiments themselves are not affected.`,
          error,
        );
      await systemClock.delay(30);
    }
  }
}

/**
 * Merges `patch` into the entry of `id`, or removes the entry when `patch` is undefined. Entries and fields of others stay as they
 * are, also ones we do not understand.
 *
 * @param whole the entry to create when the manifest has none (any more)
 * @param writer the disk; a test gives one that fails
 * @throws StorageError; the manifest is then as it was
 */
export async function updateManifest(
  root: string,
  id: string,
  patch: Partial<ManifestEntry> | undefined,
  whole: Partial<ManifestEntry> = {},
  writer: FileWriter = diskWriter,
  clock: Clock = systemClock,
): Promise<void> {
  try {
    await mkdir(root, { recursive: true });
    await withLock(root, { writer, clock }, async () => {
      const raw = await readRaw(root);
      if (patch === undefined) delete raw[id];
      else {
        const old = raw[id];
        raw[id] = { ...(typeof old === 'object' ? old : whole), ...patch };
      }
      await writer.replace(manifestPath(root), `${JSON.stringify(raw, null, 4)}\n`);
    });
  } catch (error) {
    throw storageError(error, manifestPath(root));
  }
}

interface Machine {
  writer: FileWriter;
  clock: Clock;
}

async function withLock(root: string, machine: Machine, action: () => Promise<void>): Promise<void> {
  const { clock } = machine;
  const name = `.experiment.lock.${process.pid}`;
  const path = join(root, name);
  const deadline = clock.now() + lockTimeoutMs;
  for (;;) {
    if (await tryLock(root, path, machine)) break;
    if (clock.now() > deadline) throw new StorageError('locked', `${manifestPath(root)} is locked by another program.`);
    await clock.delay(20 + Math.random() * 30);
  }
  try {
    await action();
  } finally {
    await rm(path, { force: true });
  }
}

/** Creates our lock file. It counts when no other fresh one exists. */
async function tryLock(root: string, path: string, { writer, clock }: Machine): Promise<boolean> {
  if (await othersHold(root, path, clock)) return false;
  try {
    await writer.claim(path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    // Ours from another call in this process, or from a dead process with the same pid.
    const age = clock.now() - (await stat(path).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
    if (age >= lockLifetimeMs) await rm(path, { force: true });
    return false;
  }
  // Two writers may both have seen no lock a moment ago.
  if (await othersHold(root, path, clock)) {
    await rm(path, { force: true });
    return false;
  }
  return true;
}

async function othersHold(root: string, own: string, clock: Clock): Promise<boolean> {
  for (const name of await readdir(root)) {
    if (!name.startsWith('.experiment.lock.') || name === basename(own)) continue;
    const info = await stat(join(root, name)).catch(() => undefined);
    if (info && clock.now() - info.mtimeMs < lockLifetimeMs) return true;
  }
  return false;
}

/**
 * Whether this process lives and runs that experiment: NNI's manager and ours name it in their arguments, and a pid may be reused.
 */
export function runsExperiment(pid: number, id: string): boolean {
  return hasArgument(pid, id);
}

/** Whether the experiment is alive by NNI's rule and by the process table. */
export function isAlive(entry: Pick<ManifestEntry, 'id' | 'status' | 'pid'>): boolean {
  return entry.status !== 'STOPPED' && entry.pid !== undefined && runsExperiment(entry.pid, entry.id);
}

/** Calls `changed` (at most every 50 ms) when the manifest may have changed. The folder must exist. */
export function watchManifest(root: string, changed: () => void): { dispose(): void } {
  return watchFolder(root, changed, { concerns: (name) => name === '.experiment', gatherMs: 50 });
}
