/** Connects to the server at an address that a person gave: a manager, a runner, or a real NNI. */
import { defined } from '../model/json/defined.ts';
import { createManagerConnection } from './managerConnection.ts';
import { createNniConnection, type PollMemory } from './nniConnection.ts';
import { createRunnerConnection } from './runnerConnection.ts';
import { type Connector, TokenWantedError } from './serverConnection.ts';

export interface EndpointConnectorOptions {
  /** `http://host:port`, and the path in front of all routes. */
  address: string;
  /** Called for each attempt; undefined when the server needs no token. */
  token(): Promise<string | undefined>;
}

/** Creates a connector that starts nothing: a server elsewhere is started on its machine. */
export function endpointConnector(options: EndpointConnectorOptions): Connector {
  const memory: PollMemory = {};
  return {
    async connect() {
      // Loaded at the first connection: activation stays cheap.
      const client = await import('../client/index.ts');
      const token = await options.token();
      const access = defined({ token });
      // The server may be another one than last time, e.g. a manager in place of an NNI.
      const endpoint = await client.identifyEndpoint(options.address, access).catch((error: unknown) => {
        const wantsToken =
          error instanceof client.EndpointError && (error.fault === 'token missing' || error.fault === 'token wrong');
        throw wantsToken ? new TokenWantedError(error.message) : error;
      });
      switch (endpoint.kind) {
        case 'manager':
          return createManagerConnection(client, new client.ManagerClient(endpoint.address, access));
        case 'runner':
          return createRunnerConnection(client, client.ExperimentApi.at(endpoint.address, access));
        case 'nni':
          return createNniConnection(
            client,
            client.ExperimentApi.at(endpoint.address, access),
            memory,
            endpoint.urlPrefix,
          );
      }
    },
    hasExperiments: async () => false,
  };
}
