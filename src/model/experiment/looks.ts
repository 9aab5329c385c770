/** How tree, status bar, CodeLens and page show states of trials and experiments: one table for all of them. */
import type { SeenStatus } from '../trial/trial.ts';
import type { ExperimentPhase } from './experimentPhase.ts';

export interface Look {
  /** A codicon. States that people tell apart have different ones. `loading` spins. */
  icon: string;
  /** The name of a colour (`trialdeck.<tone>` in VS Code). */
  tone: string;
  /** In English; the view that shows it translates it. */
  word: string;
}

export const trialLooks: Readonly<Record<SeenStatus, Look>> = {
  UNKNOWN: { icon: 'question', tone: 'waiting', word: 'unknown' },
  WAITING: { icon: 'circle-large-outline', tone: 'waiting', word: 'waiting' },
  RUNNING: { icon: 'loading', tone: 'running', word: 'running' },
  SUCCEEDED: { icon: 'pass-filled', tone: 'succeeded', word: 'succeeded' },
  FAILED: { icon: 'error', tone: 'failed', word: 'failed' },
  USER_CANCELED: { icon: 'circle-slash', tone: 'cancelled', word: 'cancelled' },
  EARLY_STOPPED: { icon: 'triangle-up', tone: 'stoppedEarly', word: 'stopped early' },
  SYS_CANCELED: { icon: 'circle-slash', tone: 'cancelled', word: 'cancelled by the system' },
  NOT_ENDED: { icon: 'stop-circle', tone: 'waiting', word: 'not ended' },
};

export const phaseLooks: Readonly<Record<ExperimentPhase, Look>> = {
  starting: { icon: 'loading', tone: 'waiting', word: 'starting' },
  running: { icon: 'loading', tone: 'running', word: 'running' },
  stalled: { icon: 'warning', tone: 'stoppedEarly', word: 'stalled' },
  finishing: { icon: 'loading', tone: 'running', word: 'finishing' },
  done: { icon: 'pass-filled', tone: 'succeeded', word: 'done' },
  failed: { icon: 'error', tone: 'failed', word: 'failed' },
  stopping: { icon: 'loading', tone: 'cancelled', word: 'stopping' },
  stopped: { icon: 'stop-circle', tone: 'cancelled', word: 'stopped' },
  crashed: { icon: 'debug-disconnect', tone: 'stoppedEarly', word: 'crashed' },
  viewed: { icon: 'eye', tone: 'waiting', word: 'read-only' },
};
