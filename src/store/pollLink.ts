/** A real NNI, which is followed by polling, as a manager of one experiment. */
import type { ExperimentApi } from '../client/api.ts';
import type { PollFollower, PollOptions } from '../client/follow/pollExperiment.ts';
import type { Disposable } from './emitter.ts';
import type { ExperimentListener, ListListener, ManagerLink } from './link.ts';
import { asError, type Client, listening, retries } from './listening.ts';
import { standaloneParts } from './standalone.ts';

/** What was read outlives a connection that is lost: it is given to the next link. */
export interface PollMemory {
  known?: PollOptions['known'];
}

/** @param urlPrefix NNI's, for the summary; the experiment's address has it already */
export function pollLink(
  client: Client,
  experiment: ExperimentApi,
  memory: PollMemory,
  urlPrefix: string | undefined,
): ManagerLink {
  const end = new AbortController();
  let visible = false;
  let list: ListListener | undefined;
  let trials: ExperimentListener | undefined;
  let listed: string | undefined;
  const follower: PollFollower = {
    onSummary(summary) {
      if (listed === summary.id) list?.change({ event: 'experiment', data: summary });
      else list?.change({ event: 'list', data: [summary] });
      listed = summary.id;
    },
    onSnapshot: (snapshot) => trials?.snapshot(snapshot),
    onChange: (change) => trials?.change(change),
  };
  const poll = new client.ExperimentPoll(experiment, follower, 'none', { retries, urlPrefix, known: memory.known });
  const look = () => poll.look(trials ? 'trials' : visible ? 'summary' : 'none');
  return {
    ...standaloneParts(client, experiment),
    follow(listener): Disposable {
      const { signal, dispose } = listening(end.signal);
      list = listener;
      poll
        .run(signal)
        .catch((error: unknown) => {
          if (!signal.aborted) listener.closed(asError(error));
        })
        .finally(() => {
          memory.known = poll.known;
        });
      return { dispose };
    },
    followExperiment(_id, listener): Disposable {
      trials = listener;
      look();
      return {
        dispose: () => {
          if (trials !== listener) return;
          trials = undefined;
          look();
        },
      };
    },
    look(seen) {
      visible = seen;
      look();
    },
    refresh: () => poll.refresh(),
    dispose: () => {
      end.abort();
      experiment.dispose();
    },
  };
}
