/** The connection to a real NNI, which is polled: a list of one experiment. */
import type { ExperimentApi } from '../client/api.ts';
import type { PollFollower, PollOptions } from '../client/follow/pollExperiment.ts';
import type { Disposable } from './emitter.ts';
import { type Client, createFollowSignal, maxRetries, toError } from './followEvents.ts';
import type { ExperimentListener, ListListener, ServerConnection } from './serverConnection.ts';
import { createSingleExperimentServer } from './singleExperimentServer.ts';

/** Keeps what was polled when a connection is lost, so that the next one does not read it again. */
export interface PollMemory {
  known?: PollOptions['known'];
}

/**
 * @param experiment owned by the result, which disposes it
 * @param urlPrefix NNI's, for the summary; the experiment's address has it already
 */
export function createNniConnection(
  client: Client,
  experiment: ExperimentApi,
  memory: PollMemory,
  urlPrefix: string | undefined,
): ServerConnection {
  const end = new AbortController();
  let isVisible = false;
  let list: ListListener | undefined;
  let trials: ExperimentListener | undefined;
  let listedId: string | undefined;
  const follower: PollFollower = {
    onSummary(summary) {
      if (listedId === summary.id) list?.change({ event: 'experiment', data: summary });
      else list?.change({ event: 'list', data: [summary] });
      listedId = summary.id;
    },
    onSnapshot: (snapshot) => trials?.snapshot(snapshot),
    onChange: (change) => trials?.change(change),
  };
  const options = { retries: maxRetries, urlPrefix, known: memory.known };
  const poll = new client.ExperimentPoll(experiment, follower, 'none', options);
  const updateAttention = () => poll.setAttention(trials ? 'trials' : isVisible ? 'summary' : 'none');
  return {
    ...createSingleExperimentServer(client, experiment),
    followList(listener): Disposable {
      const { signal, dispose } = createFollowSignal(end.signal);
      list = listener;
      poll
        .run(signal)
        .catch((error: unknown) => {
          if (!signal.aborted) listener.closed(toError(error));
        })
        .finally(() => {
          memory.known = poll.known;
        });
      return { dispose };
    },
    followExperiment(_id, listener): Disposable {
      trials = listener;
      updateAttention();
      return {
        dispose: () => {
          if (trials !== listener) return;
          trials = undefined;
          updateAttention();
        },
      };
    },
    setVisible(visible) {
      isVisible = visible;
      updateAttention();
    },
    refresh: () => poll.refresh(),
    dispose: () => {
      end.abort();
      experiment.dispose();
    },
  };
}
