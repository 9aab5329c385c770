/**
 * The token of a living runner, `<experiments folder>/.trialdeck/runners/<id>.json` with mode 0600. The manager of the same user reads it,
 * and the runner then skips the check of its connections. Each launch makes a new token.
 */
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { isExperimentId } from '../../model/experiment/experimentId.ts';
import { diskWriter } from '../../system/fileWriter.ts';

const schema = v.object({ pid: v.number(), token: v.pipe(v.string(), v.minLength(16)) });

function tokenPath(root: string, id: string): string {
  return join(root, '.trialdeck', 'runners', `${id}.json`);
}

/** Throws the system's error, also where the folder can't be written. */
export async function writeRunnerToken(root: string, id: string, token: string): Promise<void> {
  const path = tokenPath(root, id);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await diskWriter.replace(path, `${JSON.stringify({ pid: process.pid, token })}\n`, { mode: 0o600 });
}

/** The token that process `pid` wrote for its runner; undefined where it wrote none, as runners of version 0.1.0. */
export function readRunnerToken(root: string, id: string, pid: number): string | undefined {
  if (!isExperimentId(id)) return undefined;
  try {
    const entry = parse(readFileSync(tokenPath(root, id), 'utf8'));
    return entry?.pid === pid ? entry.token : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the token if it is still this process's. */
export async function removeRunnerToken(root: string, id: string): Promise<void> {
  const path = tokenPath(root, id);
  const text = await readFile(path, 'utf8').catch(() => '');
  if (parse(text)?.pid === process.pid) await rm(path, { force: true });
}

function parse(text: string): v.InferOutput<typeof schema> | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}
