/** `stop`: ends experiments and waits until they have. */
import { followManager } from '../client/follow.ts';
import { CommandFailure } from './failure.ts';
import { chooseForStop, type StopChoice } from './select.ts';
import type { Session } from './session.ts';
import { oneLine } from './table.ts';

/** Milliseconds an experiment may take to end, as nnictl waits. */
const patience = 60_000;

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

/** @throws CommandFailure when one of them does not end in time */
export async function stopAndWait(session: Session, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const manager = await session.manager();
  const open = new Set(ids);
  const done = new AbortController();
  const timer = setTimeout(() => done.abort(), patience);
  const take = (experiment: { id: string; live?: boolean }) => {
    if (!experiment.live) open.delete(experiment.id);
    if (open.size === 0) done.abort();
  };
  try {
    // One that has ended by itself meanwhile is what was wanted.
    const asked = await Promise.allSettled(ids.map((id) => manager.experiment(id).stopExperiment()));
    await followManager(
      manager,
      {
        onChange({ event, data }) {
          if (event === 'list') for (const experiment of data) take(experiment);
          else take(data);
        },
      },
      done.signal,
      { retries: 3 },
    );
    if (open.size === 0) return;
    for (const result of asked) if (result.status === 'rejected') throw result.reason;
  } finally {
    clearTimeout(timer);
  }
  throw new CommandFailure(
    `${[...open].join(', ')} did not end within ${patience / 1000} s. Look into its log, or end its process.`,
  );
}
