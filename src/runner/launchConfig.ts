/** Reads the config of a new experiment. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ExperimentConfig } from '../model/config/config.ts';
import { embeddedSupport } from '../model/config/embeddedSupport.ts';
import { messageOf } from '../model/text/messageOf.ts';
import type { LogLevel } from '../server/log.ts';
import { LaunchError } from '../server/storage/launchError.ts';
import { configFiles } from '../system/configFiles.ts';

/** Gives the config that was sent, else the file's. Throws {@link LaunchError} with the problems of a file. */
export async function launchConfig(request: {
  config?: ExperimentConfig;
  configFile?: string;
}): Promise<ExperimentConfig> {
  const config = request.config ?? (await readFromFile(request.configFile));
  const support = embeddedSupport(config);
  if (!support.supported) throw new LaunchError(support.reason);
  return config;
}

async function readFromFile(path: string | undefined): Promise<ExperimentConfig> {
  if (path === undefined)
    throw new LaunchError('There is no config to create an experiment from: give one with --config.');
  const file = resolve(path);
  // Loaded late: a manager sends the config, so that most runners never need the parser.
  const { readConfig } = await import('../model/config/readConfig.ts');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new LaunchError(`The config file can't be read: ${messageOf(error)}`);
  });
  const { config, problems } = await readConfig({ text, file }, configFiles);
  if (config) return config;
  const errors = problems.filter(({ severity }) => severity === 'error');
  const said = errors.map((problem) => `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`);
  throw new LaunchError(said.join('\n'), { problems });
}

export function logLevel(config: Pick<ExperimentConfig, 'logLevel' | 'debug'>, debug: boolean): LogLevel {
  if (debug || config.debug) return 'debug';
  switch (config.logLevel) {
    case 'trace':
    case 'debug':
    case 'warning':
    case 'error':
      return config.logLevel;
    case 'fatal':
      return 'critical';
    default:
      return 'info';
  }
}
