/** `update concurrency|duration|trialnum|searchspace`. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Experiment } from '../client/experiment.ts';
import { readSearchSpace } from '../model/readSearchSpace.ts';
import { CommandFailure, exitCodes, FileFailure } from './failure.ts';
import { chooseRunning } from './select.ts';
import { type Session, untilde } from './session.ts';

const limits = {
  concurrency: {
    name: 'trial concurrency',
    apply: (experiment: Experiment, value: string) => experiment.updateConcurrency(wholeNumber(value)),
  },
  duration: {
    name: 'maximum duration',
    apply: (experiment: Experiment, value: string) => experiment.updateDuration(value),
  },
  trialnum: {
    name: 'maximum trial number',
    apply: (experiment: Experiment, value: string) => experiment.updateTrialnum(wholeNumber(value)),
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

export async function updateSearchSpace(
  session: Session,
  { filename }: { filename: string },
  id?: string,
): Promise<undefined> {
  const file = resolve(untilde(filename));
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CommandFailure(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  const { space, problems } = readSearchSpace({ text, file });
  if (!space || problems.length > 0) {
    throw new FileFailure(`The search space of ${file} can't be used.`, problems, 'nothing was changed');
  }
  const chosen = await chooseRunning(session, id);
  await (await session.manager()).experiment(chosen.id).updateSearchspace(space);
  session.print({ id: chosen.id, searchSpace: space }, `Experiment ${chosen.id} searches the space of ${file} now.`);
}

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new CommandFailure(`"${text}" is no whole number.`, exitCodes.usage);
}
