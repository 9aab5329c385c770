/** `experiment delete`: removes a stored experiment with all its files. */
import { createInterface } from 'node:readline/promises';
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { CommandFailure, exitCodes } from './failure.ts';
import { chooseExperiment } from './select.ts';
import type { Session } from './session.ts';
import { oneLine } from './table.ts';

export async function deleteExperiment(session: Session, { yes }: { yes?: boolean }, id = ''): Promise<undefined> {
  const experiment = await chooseExperiment(session, id);
  if (experiment.live) {
    const words = `Experiment ${id} still runs (${experiment.status}). Stop it first: trialdeck stop ${id}`;
    throw new CommandFailure(words);
  }
  if (!yes && !(await confirmed(experiment))) {
    session.print({ deleted: null }, 'Nothing was deleted.');
    return;
  }
  await (await session.manager()).delete(id);
  session.print({ deleted: id }, `Experiment ${id} (${oneLine(experiment.name)}) was deleted.`);
}

async function confirmed({ id, name, directory }: ExperimentSummary): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new CommandFailure(
      'There is no terminal to ask at; say --yes to delete without being asked.',
      exitCodes.usage,
    );
  }
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await ask.question(`Delete experiment ${id} (${oneLine(name)}) and all of ${directory}? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    ask.close();
  }
}
