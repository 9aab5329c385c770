/** One runner of ours, connected to at its own address, as a manager of one experiment. */
import type { ExperimentApi } from '../client/api.ts';
import { withoutManager } from '../model/experiment/computeActions.ts';
import type { ManagerLink } from './link.ts';
import { asError, type Client, followEvents, listening, retries } from './listening.ts';
import { standaloneParts } from './standalone.ts';

export function runnerLink(client: Client, experiment: ExperimentApi): ManagerLink {
  const end = new AbortController();
  return {
    ...standaloneParts(client, experiment),
    follow(listener) {
      const { signal, dispose } = listening(end.signal);
      let listed: string | undefined;
      const follower = {
        onSummary: (summary: Parameters<Parameters<Client['followSummary']>[1]['onSummary']>[0]) => {
          const data = withoutManager(summary);
          if (listed === data.id) listener.change({ event: 'experiment', data });
          else listener.change({ event: 'list', data: [data] });
          listed = data.id;
        },
      };
      client.followSummary(experiment, follower, signal, { retries }).catch((error: unknown) => {
        if (!signal.aborted) listener.closed(asError(error));
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
