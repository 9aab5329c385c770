/** Reads configs and search spaces from files of this machine. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { looksLikeConfig } from '../model/config/looksLikeConfig.ts';
import { type ConfigReading, readConfig } from '../model/config/readConfig.ts';
import { readSearchSpace } from '../model/space/readSearchSpace.ts';
import type { SearchSpace } from '../model/space/searchSpace.ts';
import { messageOf } from '../model/text/messageOf.ts';
import { configFiles } from '../system/configFiles.ts';
import { FileError } from './errors.ts';

/** Reads a config as NNI would. Never rejects: a missing file is one of the problems. @param file absolute */
export async function readConfigFile(file: string): Promise<ConfigReading> {
  return readConfig({ text: await readFile(file, 'utf8').catch(() => ''), file }, configFiles);
}

/**
 * Reads a search space from a file of its own, or from the config of an experiment; JSON or YAML.
 *
 * @throws FileError with `problems` when the file can't be read or has mistakes
 */
export async function readSpaceFile(path: string): Promise<SearchSpace> {
  const file = resolve(path);
  const task = 'read the search space';
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new FileError(task, file, `${file} can't be read: ${messageOf(error)}`);
  });
  const isConfig = looksLikeConfig(text);
  const reading = isConfig ? await readConfigFile(file) : readSearchSpace({ text, file });
  const space = 'config' in reading ? reading.config?.searchSpace : 'space' in reading ? reading.space : undefined;
  const errors = reading.problems.filter(({ severity }) => severity === 'error');
  if (space !== undefined && errors.length === 0) return space;
  const [first] = errors;
  const details = first ? `: line ${first.line}: ${first.message}` : '.';
  throw new FileError(
    task,
    file,
    `the ${isConfig ? 'config' : 'search space'} ${file} can't be used${details}`,
    errors,
  );
}
