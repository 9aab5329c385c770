/** The choice of an experiment by nnictl's rules. */
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { CommandFailure } from './failure.ts';
import type { Session } from './session.ts';
import { oneLine } from './table.ts';

export interface StopChoice {
  id?: string | undefined;
  port?: number | undefined;
  all?: boolean | undefined;
}

/**
 * Finds the experiment with this id or, without an id, the only one that runs.
 *
 * @throws CommandFailure when there is none, or more than one runs
 */
export async function chooseExperiment(session: Session, id: string | undefined): Promise<ExperimentSummary> {
  const experiments = await (await session.manager()).list();
  if (id !== undefined) {
    const found = experiments.find((experiment) => experiment.id === id);
    if (found) return found;
    throw unknown(session, id, experiments);
  }
  const running = experiments.filter((experiment) => experiment.live);
  const [only, ...others] = running;
  if (!only) throw noneRuns(session, experiments);
  if (others.length > 0) throw severalRun(running);
  return only;
}

/** As {@link chooseExperiment}; throws also when the experiment is not running. */
export async function chooseRunning(session: Session, id: string | undefined): Promise<ExperimentSummary> {
  const experiment = await chooseExperiment(session, id);
  if (experiment.live) return experiment;
  throw new CommandFailure(
    `Experiment ${experiment.id} is not running (${experiment.status}). Resume it first: trialdeck resume ${experiment.id}`,
  );
}

/** Finds the experiments that `stop` ends: by id, its beginning, `abc*` for several, port, all, or the only one that runs. */
export async function chooseForStop(session: Session, choice: StopChoice): Promise<ExperimentSummary[]> {
  const experiments = await (await session.manager()).list();
  const running = experiments.filter((experiment) => experiment.live);
  const { id, port, all } = choice;
  if (all) return running;
  if (port !== undefined) {
    const found = running.filter((experiment) => experiment.port === port);
    if (found.length > 0) return found;
    const ports = running.map((experiment) => `${experiment.id} at ${experiment.port}`).join(', ');
    throw new CommandFailure(`No experiment runs at port ${port}.${ports ? ` Running: ${ports}.` : ''}`);
  }
  if (id === undefined) {
    if (running.length === 0) throw noneRuns(session, experiments);
    if (running.length > 1) throw severalRun(running);
    return running;
  }
  if (id.endsWith('*')) {
    const found = running.filter((experiment) => experiment.id.startsWith(id.slice(0, -1)));
    if (found.length > 0) return found;
    throw new CommandFailure(`No running experiment has an id that begins with ${id.slice(0, -1)}.`);
  }
  const exact = experiments.find((experiment) => experiment.id === id);
  if (exact && !exact.live) throw new CommandFailure(`Experiment ${id} is not running (${exact.status}).`);
  const found = exact ? [exact] : running.filter((experiment) => experiment.id.startsWith(id));
  if (found.length === 1) return found;
  if (found.length > 1) throw severalRun(found, `${found.length} running experiments have ids that begin with ${id}`);
  throw unknown(session, id, experiments);
}

function unknown(session: Session, id: string, experiments: readonly ExperimentSummary[]): CommandFailure {
  const near = experiments.filter((experiment) => experiment.id.startsWith(id) || experiment.name === id);
  const hint =
    near.length === 0
      ? 'List them all with: trialdeck experiment list --all'
      : `Did you mean ${near.map((experiment) => experiment.id).join(' or ')}?`;
  return new CommandFailure(`There is no experiment ${id} in ${session.experimentsDirectory}. ${hint}`);
}

function noneRuns(session: Session, experiments: readonly ExperimentSummary[]): CommandFailure {
  const hint =
    experiments.length === 0
      ? 'Start one with: trialdeck create --config FILE'
      : 'Give the id of one that has stopped; list them with: trialdeck experiment list --all';
  return new CommandFailure(`No experiment is running in ${session.experimentsDirectory}. ${hint}`);
}

function severalRun(
  running: readonly ExperimentSummary[],
  what = `${running.length} experiments are running`,
): CommandFailure {
  const list = running.map((experiment) => `  ${experiment.id}  ${oneLine(experiment.name)}`).join('\n');
  return new CommandFailure(`${what}; say which one:\n${list}`);
}
