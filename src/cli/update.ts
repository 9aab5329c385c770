/** `update concurrency|duration|trialnum|searchspace`: changes a running experiment. */
import { resolve } from 'node:path';
import type { ExperimentApi } from '../client/api.ts';
import { readSpaceFile } from '../client/configFile.ts';
import { FileError } from '../client/errors.ts';
import { CommandFailure, exitCodes, FileFailure } from './failure.ts';
import { chooseRunning } from './select.ts';
import { type Session, untilde } from './session.ts';

const limits = {
  concurrency: {
    name: 'trial concurrency',
    apply: (experiment: ExperimentApi, value: string) => experiment.updateConcurrency(wholeNumber(value)),
  },
  duration: {
    name: 'maximum duration',
    apply: (experiment: ExperimentApi, value: string) => experiment.updateDuration(value),
  },
  trialnum: {
    name: 'maximum trial number',
    apply: (experiment: ExperimentApi, value: string) => experiment.updateTrialnum(wholeNumber(value)),
  },
} as const;

export function updateLimit(kind: keyof typeof limits) {
  return async (session: Session, { value }: { value: string }, id?: string): Promise<undefined> => {
    const { name, apply } = limits[kind];
    const chosen = await chooseRunning(session, id);
    await apply((await session.manager()).experiment(chosen.id), value);
    session.print({ id: chosen.id, [kind]: value }, `The ${name} of experiment ${chosen.id} is ${value} now.`);
  };
}

/** Changes the search space to that of a file, which holds a space or a whole config. */
export async function updateSearchSpace(
  session: Session,
  { filename }: { filename: string },
  id?: string,
): Promise<undefined> {
  const file = resolve(untilde(filename));
  const space = await readSpaceFile(file).catch((error: unknown) => {
    if (!(error instanceof FileError) || error.problems.length === 0) throw error;
    throw new FileFailure(error.message, error.problems, 'nothing was changed');
  });
  const chosen = await chooseRunning(session, id);
  await (await session.manager()).experiment(chosen.id).updateSearchspace(space);
  session.print({ id: chosen.id, searchSpace: space }, `Experiment ${chosen.id} searches the space of ${file} now.`);
}

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new CommandFailure(`"${text}" is not a whole number.`, exitCodes.usage);
}
