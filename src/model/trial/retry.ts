/** Decides which failed trials are worth another try. */
import { isEnded, type TrialRow } from './trial.ts';

export interface RetryChoice {
  /** One for each set of parameters. */
  queue: TrialRow[];
  /** How many are left out because the same parameters have succeeded. */
  succeeded: number;
  /** … because the same parameters are waiting or running. */
  pending: number;
  /** … because another of them has the same parameters. */
  repeated: number;
}

/** @param all every trial of the experiment */
export function chooseRetries(failed: readonly TrialRow[], all: Iterable<TrialRow>): RetryChoice {
  const succeeded = new Set<string>();
  const pending = new Set<string>();
  for (const row of all) {
    if (row.status === 'SUCCEEDED') succeeded.add(parametersKey(row));
    else if (!isEnded(row.status)) pending.add(parametersKey(row));
  }
  const choice: RetryChoice = { queue: [], succeeded: 0, pending: 0, repeated: 0 };
  const chosen = new Set<string>();
  for (const row of failed) {
    const key = parametersKey(row);
    if (succeeded.has(key)) choice.succeeded++;
    else if (pending.has(key)) choice.pending++;
    else if (chosen.has(key)) choice.repeated++;
    else {
      chosen.add(key);
      choice.queue.push(row);
    }
  }
  return choice;
}

function parametersKey({ parameters }: TrialRow): string {
  return JSON.stringify(parameters);
}
