/** The connection to one runner of ours at its own address: a list of one experiment. */
import type { ExperimentApi } from '../client/api.ts';
import { withoutManager } from '../model/experiment/computeActions.ts';
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { type Client, createFollowSignal, followEvents, maxRetries, toError } from './followEvents.ts';
import type { ServerConnection } from './serverConnection.ts';
import { createSingleExperimentServer } from './singleExperimentServer.ts';

/** @param experiment owned by the result, which disposes it */
export function createRunnerConnection(client: Client, experiment: ExperimentApi): ServerConnection {
  const end = new AbortController();
  return {
    ...createSingleExperimentServer(client, experiment),
    followList(listener) {
      const { signal, dispose } = createFollowSignal(end.signal);
      let listedId: string | undefined;
      const follower = {
        onSummary: (summary: ExperimentSummary) => {
          const data = withoutManager(summary);
          if (listedId === data.id) listener.change({ event: 'experiment', data });
          else listener.change({ event: 'list', data: [data] });
          listedId = data.id;
        },
      };
      client.followSummary(experiment, follower, signal, { retries: maxRetries }).catch((error: unknown) => {
        if (!signal.aborted) listener.closed(toError(error));
      });
      return { dispose };
    },
    followExperiment: (_id, listener) =>
      followEvents(
        client,
        experiment,
        {
          snapshot: (snapshot) => listener.snapshot({ ...snapshot, summary: withoutManager(snapshot.summary) }),
          change: (change) =>
            listener.change(change.summary ? { ...change, summary: withoutManager(change.summary) } : change),
          failed: (reason) => listener.failed(reason),
        },
        end.signal,
      ),
    dispose: () => {
      end.abort();
      experiment.dispose();
    },
  };
}
