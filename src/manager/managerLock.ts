/** The manager's lock file: at most one manager per experiments folder, and how its clients find it. */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../system/errorCode.ts';
import { diskWriter, type FileWriter } from '../system/fileWriter.ts';
import { managerLockPath } from '../wire/routes.ts';
import { type ManagerLock, managerInfoSchema, managerLockSchema } from '../wire/schemas/manager.ts';
import { parse } from '../wire/schemas/schema.ts';
import { askManager } from './askManager.ts';

export function lockFile(root: string): string {
  return join(root, ...managerLockPath);
}

/** A manager that answers and says that it serves this folder. */
export async function livingManager(root: string): Promise<{ pid: number; port: number } | undefined> {
  return answering(parseLock(await readText(lockFile(root))));
}

async function answering(lock: ManagerLock | undefined): Promise<ManagerLock | undefined> {
  if (!lock) return undefined;
  const info = parse(managerInfoSchema, await askManager(lock.host, lock.port));
  return info?.pid === lock.pid ? lock : undefined;
}

/**
 * Takes the lock for this process. Returns false when another manager holds it and answers; a lock of a dead or silent one is
 * replaced. The file appears complete and with its mode, or not at all.
 *
 * @param writer the disk; a test gives one that fails
 * @throws the system's error when the folder cannot be written
 */
export async function takeLock(root: string, lock: ManagerLock, writer: FileWriter = diskWriter): Promise<boolean> {
  const path = lockFile(root);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      await writer.create(path, `${JSON.stringify(lock, null, 2)}\n`, { mode: 0o600 });
      return true;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    const judged = await readText(path);
    if (await answering(parseLock(judged))) return false;
    // Move the old lock away rather than delete it: if another starter did so first, only one of the renames succeeds.
    const stale = `${path}.stale.${randomBytes(4).toString('hex')}`;
    await rename(path, stale).catch(() => {});
    // Another starter may have replaced the lock meanwhile: then the moved file is its fresh lock.
    if ((await readText(stale)) !== judged) await link(stale, path).catch(() => {});
    await rm(stale, { force: true });
  }
  return false;
}

/** Removes the lock if it is still this process's. */
export async function releaseLock(root: string): Promise<void> {
  const lock = parseLock(await readText(lockFile(root)));
  if (lock?.pid === process.pid) await rm(lockFile(root), { force: true });
}

function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function parseLock(text: string | undefined): ManagerLock | undefined {
  try {
    return parse(managerLockSchema, JSON.parse(text ?? ''));
  } catch {
    return undefined;
  }
}
