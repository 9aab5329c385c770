/** An experiment in the foreground: live progress, its end, a table of results; Ctrl-C stops it. */
import { ClientError, NotFoundError } from '../client/errors.ts';
import { Experiment } from '../client/experiment.ts';
import { type ExperimentFollower, followExperiment } from '../client/follow/follow.ts';
import { pollExperiment } from '../client/follow/pollExperiment.ts';
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { formatDuration } from '../model/text/format.ts';
import { CommandFailure, exitCodes } from './failure.ts';
import { Progress, trialLine } from './progress.ts';
import { finalValue, ranked, resultsTable } from './results.ts';
import type { Session } from './session.ts';
import { stopAndWait } from './stop.ts';
import { terminalWidth } from './table.ts';

/** Rows of the table of results. */
const shownTrials = 10;
/** The code by which shells report a program that Ctrl-C ended. */
const interruptedCode = 130;

export interface Started {
  id: string;
  /** The address of a real NNI that runs the experiment; undefined for the embedded manager. */
  nniAddress?: string | undefined;
}

/**
 * Starts an experiment, follows it until it has ended, and then ends its runner.
 *
 * @returns 0 when it is done and a trial succeeded, 130 after Ctrl-C
 * @throws CommandFailure with the reason when it failed; what `start` throws
 */
export async function runInForeground(session: Session, start: () => Promise<Started>): Promise<number> {
  const progress = new Progress(session.json ? process.stderr : process.stdout);
  const ended = new AbortController();
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    ended.abort();
  };
  // A start that is under way can't be taken back; the experiment is stopped once it has started.
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    const { id, nniAddress } = await start();
    await follow(session, id, nniAddress, progress, ended);
    progress.end();
    if (interrupted) session.say('Stopping…');
    if (interrupted || progress.summary?.live) await stopAndWait(session, [id]);
    return report(session, id, progress, interrupted);
  } finally {
    progress.end();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

async function follow(
  session: Session,
  id: string,
  nniAddress: string | undefined,
  progress: Progress,
  ended: AbortController,
): Promise<void> {
  const look = () => {
    if (progress.summary && hasEnded(progress.summary)) ended.abort();
  };
  let missing = false;
  const follower: ExperimentFollower = {
    onSnapshot(snapshot) {
      missing = false;
      progress.setSnapshot(snapshot);
      look();
    },
    onChange(change) {
      progress.applyChange(change);
      look();
    },
    onState(state) {
      progress.setNote(state.state === 'connected' || !('reason' in state) ? '' : 'connecting again…');
    },
  };
  if (nniAddress !== undefined) {
    const experiment = Experiment.at(nniAddress);
    try {
      // NNI has no stream of changes, and nobody else knows its state.
      await pollExperiment(experiment, follower, ended.signal, { retries: 3 });
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      // The experiment was ended elsewhere; the manager knows the stored end.
    } finally {
      experiment.dispose();
    }
  }
  while (!ended.signal.aborted) {
    const experiment = (await session.manager()).experiment(id);
    try {
      await followExperiment(experiment, follower, ended.signal, { retries: 3 });
    } catch (error) {
      if (ended.signal.aborted) return;
      if (!(error instanceof ClientError)) throw error;
      // The first time, another program may have the port of a manager that has ended. The manager found next knows.
      if (error instanceof NotFoundError && missing) throw error;
      missing = error instanceof NotFoundError;
      // The experiment goes on without its manager. This finds or starts another one, or throws.
      await session.reconnect();
    }
  }
}

function hasEnded({ status, live }: ExperimentSummary): boolean {
  return !live || status === 'DONE' || status === 'ERROR' || status === 'STOPPED' || status === 'VIEWED';
}

function report(session: Session, id: string, progress: Progress, interrupted: boolean): number {
  const { summary, trials } = progress;
  if (!summary && interrupted) return interruptedCode;
  if (!summary) throw new CommandFailure(`Nothing could be read from experiment ${id}.`);
  const rows = ranked(trials.values(), summary.optimizeMode);
  const succeeded = rows.filter((row) => row.status === 'SUCCEEDED');
  const best = rows.filter((row) => finalValue(row) !== undefined);
  if (session.json) session.print({ summary, trials: rows }, '');
  else {
    const shown = (best.length > 0 ? best : rows).slice(0, shownTrials);
    const what = best.length > shown.length ? `The best ${shown.length} of ${best.length} results` : 'Results';
    if (shown.length > 0) session.say(`\n${what}:\n${resultsTable(shown, terminalWidth())}\n`);
    const time = formatDuration(summary.execDuration);
    session.say(`${succeeded.length} of ${rows.length} trials succeeded in ${time}. Stored in ${summary.directory}`);
  }
  if (interrupted) return interruptedCode;
  const reasons = summary.errors.join(' ');
  if (summary.status === 'ERROR') {
    throw new CommandFailure(`Experiment ${id} failed: ${reasons || 'no reason was given; see its log.'}`);
  }
  if (summary.status !== 'DONE') {
    const why = reasons || `It was ended elsewhere (${summary.status}).`;
    throw new CommandFailure(`Experiment ${id} was not done. ${why} Go on with: trialdeck resume ${id}`);
  }
  if (succeeded.length === 0) {
    const failure = [...trials.values()].find((row) => row.status === 'FAILED');
    const reason = failure ? ` The first failure: ${trialLine(failure)}` : '';
    throw new CommandFailure(`No trial of experiment ${id} succeeded.${reason}`);
  }
  return exitCodes.ok;
}
