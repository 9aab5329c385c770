/**
 * Reads what a hostile server answers, in a thread with a small heap: a reader without limits ends it. Posts for each way of reading
 * what came of it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { ClientError } from '../../../src/client/errors.ts';
import { Experiment } from '../../../src/client/experiment.ts';
import { followExperiment, followManager, followSummary } from '../../../src/client/follow/follow.ts';
import { pollExperiment } from '../../../src/client/follow/pollExperiment.ts';
import { ManagerClient } from '../../../src/client/manager.ts';

/** The result of one way of reading: the message of the client's error, or nothing without an error. */
export interface Outcome {
  name: string;
  error?: string;
  /** Whether it is one of the client's errors. */
  typed: boolean;
}

const { address } = workerData as { address: string };
const experiment = Experiment.at(address);
const manager = new ManagerClient(address);
const follower = { onSnapshot: () => undefined, onChange: () => undefined, onSummary: () => undefined };
const once = { retries: 0 };
const { signal } = new AbortController();

const ways: Record<string, () => Promise<unknown>> = {
  'a status': () => experiment.getExperimentStatus(),
  'all trials': () => experiment.listTrialJobs(),
  'the end of a log': () => experiment.readExperimentLog({ maxBytes: 1000 }),
  'a write': () => experiment.addTrial({ x: 1 }),
  'the list of a manager': () => manager.list(),
  'a snapshot': () => experiment.snapshot(),
  'what is followed': () => followExperiment(experiment, follower, signal, once),
  'a summary that is followed': () => followSummary(experiment, follower, signal, once),
  'a list that is followed': () => followManager(manager, follower, signal, once),
  'what is polled': () => pollExperiment(experiment, follower, signal, once),
};

for (const [name, read] of Object.entries(ways)) {
  const outcome: Outcome = await read().then(
    () => ({ name, typed: true }),
    (error: unknown) => ({ name, error: String(error), typed: error instanceof ClientError }),
  );
  parentPort?.postMessage(outcome);
}
parentPort?.postMessage('all');
experiment.dispose();
manager.dispose();
