/** `trial ls` and `trial kill`. */
import type { TrialRow } from '../model/trial/trial.ts';
import { CommandFailure } from './failure.ts';
import { finalValue, ranked, resultsTable, trialName } from './results.ts';
import { chooseExperiment, chooseRunning } from './select.ts';
import type { Session } from './session.ts';
import { terminalWidth } from './table.ts';

export async function listTrials(
  session: Session,
  { head, tail }: { head?: number; tail?: number },
  id?: string,
): Promise<undefined> {
  const { id: experimentId } = await chooseExperiment(session, id);
  const { trials } = await (await session.manager()).experiment(experimentId).snapshot();
  const shown = select(trials, head, tail);
  session.print(
    shown,
    shown.length > 0 ? resultsTable(shown, terminalWidth()) : `Experiment ${experimentId} has no trials.`,
  );
}

/** Chooses all trials by number, or those with the highest (`head`) or lowest (`tail`) metrics, highest first as in nnictl. */
function select(trials: readonly TrialRow[], head: number | undefined, tail: number | undefined): TrialRow[] {
  if (head === undefined && tail === undefined) return [...trials].sort((a, b) => a.number - b.number);
  const finished = ranked(trials, 'maximize').filter((row) => finalValue(row) !== undefined);
  return head === undefined ? finished.slice(-(tail ?? 0)) : finished.slice(0, head);
}

export async function killTrials(session: Session, options: { trial_id: string[] }, id?: string): Promise<undefined> {
  const { id: experimentId } = await chooseRunning(session, id);
  const experiment = (await session.manager()).experiment(experimentId);
  const { trials } = await experiment.snapshot();
  const wanted = options.trial_id.map((name) => {
    const row = trials.find((trial) => trial.id === name || (/^\d+$/.test(name) && trial.number === Number(name)));
    if (!row) throw new CommandFailure(`Experiment ${experimentId} has no trial ${name}.`);
    return row;
  });
  for (const row of wanted) await experiment.killTrialJob(row.id);
  const killed = wanted.map((row) => row.id);
  session.print({ killed }, wanted.map((row) => `Trial ${trialName(row)} (${row.id}) has ended.`).join('\n'));
}
