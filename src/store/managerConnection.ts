/** The connection to a manager, on this machine or elsewhere. */
import type { ManagerClient } from '../client/manager.ts';
import { type Client, createFollowSignal, followEvents, maxRetries, toError } from './followEvents.ts';
import type { ServerConnection } from './serverConnection.ts';

/** @param manager owned by the result, which disposes it */
export function createManagerConnection(client: Client, manager: ManagerClient): ServerConnection {
  const end = new AbortController();
  return {
    address: manager.address,
    followList(listener) {
      const { signal, dispose } = createFollowSignal(end.signal);
      const follower = { onChange: listener.change.bind(listener) };
      client.followManager(manager, follower, signal, { retries: maxRetries }).catch((error: unknown) => {
        if (!signal.aborted) listener.closed(toError(error));
      });
      return { dispose };
    },
    followExperiment: (id, listener) => followEvents(client, manager.experiment(id), listener, end.signal),
    launch: (request) => manager.launch(request),
    experiment: (id) => manager.experiment(id),
    delete: (id) => manager.delete(id),
    dispose: () => {
      end.abort();
      manager.dispose();
    },
  };
}
