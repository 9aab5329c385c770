/** A manager, here or elsewhere, as the store wants it. */
import type { ManagerClient } from '../client/manager.ts';
import type { ManagerLink } from './link.ts';
import { asError, type Client, followEvents, listening, retries } from './listening.ts';

export function managerLink(client: Client, manager: ManagerClient): ManagerLink {
  const end = new AbortController();
  return {
    address: manager.address,
    follow(listener) {
      const { signal, dispose } = listening(end.signal);
      const follower = { onChange: listener.change.bind(listener) };
      client.followManager(manager, follower, signal, { retries }).catch((error: unknown) => {
        if (!signal.aborted) listener.closed(asError(error));
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
