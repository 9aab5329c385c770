/** `stop`: stops experiments and waits for their end. */
import { TimeoutError } from '../client/errors.ts';
import { followManager } from '../client/follow/follow.ts';
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { CommandFailure } from './failure.ts';
import { chooseForStop, type StopChoice } from './select.ts';
import type { Session } from './session.ts';
import { oneLine } from './table.ts';

/** nnictl's. */
const stopTimeoutMs = 60_000;

export async function stopExperiments(session: Session, options: StopChoice, id?: string): Promise<undefined> {
  const chosen = await chooseForStop(session, { ...options, id });
  await stopAndWait(
    session,
    chosen.map((experiment) => experiment.id),
  );
  const stopped = chosen.map(({ id, name }) => ({ id, name }));
  const lines = stopped.map((experiment) => `Experiment ${experiment.id} (${oneLine(experiment.name)}) was stopped.`);
  session.print({ stopped }, lines.length > 0 ? lines.join('\n') : 'No experiment is running.');
}

/** @throws CommandFailure when an experiment does not end in time or does not answer */
export async function stopAndWait(session: Session, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const manager = await session.manager();
  /** The latest summary of each experiment that has not ended. */
  const open = new Map<string, ExperimentSummary | undefined>(ids.map((id) => [id, undefined]));
  const refused = new Map<string, unknown>();
  const hangs = (id: string) => refused.get(id) instanceof TimeoutError;
  const done = new AbortController();
  const timer = setTimeout(() => done.abort(), stopTimeoutMs);
  const take = (experiment: ExperimentSummary) => {
    if (!experiment.live) open.delete(experiment.id);
    else if (open.has(experiment.id)) open.set(experiment.id, experiment);
  };
  try {
    // An experiment that has ended by itself is fine, too.
    const ask = (id: string) =>
      manager
        .experiment(id)
        .stopExperiment()
        .catch((error: unknown) => refused.set(id, error));
    await Promise.all(ids.map(ask));
    await followManager(
      manager,
      {
        onChange({ event, data }) {
          if (event === 'list') data.forEach(take);
          else if (event === 'experiment') take(data);
          else if (event === 'removed') open.delete(data.id);
          // An experiment that did not answer the order won't end because of it.
          if ([...open.keys()].every(hangs)) done.abort();
        },
      },
      done.signal,
      { retries: 3 },
    );
  } finally {
    clearTimeout(timer);
  }
  for (const [id, reason] of refused) if (open.has(id) && !hangs(id)) throw reason;
  const failures = [...open].map(([id, summary]) => stillThere(id, summary?.pid, hangs(id)));
  if (failures.length > 0) throw new CommandFailure(failures.join('\n'));
}

function stillThere(id: string, pid: number | undefined, hangs: boolean): string {
  const what = hangs ? 'does not answer' : `did not end within ${stopTimeoutMs / 1000} s`;
  if (pid === undefined) return `Experiment ${id} ${what}. Look into its log.`;
  return (
    `Experiment ${id} ${what}. End its process ${pid} with: kill -9 ${pid}\n` +
    `Its trials go on; to end them, too: trialdeck resume ${id} && trialdeck stop ${id}`
  );
}
