/** Whatever answers at an address that a person gave: a manager, a runner of ours, or a real NNI. */
import { defined } from '../model/json/defined.ts';
import { createManagerConnection } from './managerConnection.ts';
import { createNniConnection, type PollMemory } from './nniConnection.ts';
import { createRunnerConnection } from './runnerConnection.ts';
import { type Connector, TokenWantedError } from './serverConnection.ts';

export interface EndpointConnectorOptions {
  /** `http://host:port`, and the path in front of all routes. */
  address: string;
  /** Asked anew for each attempt; undefined where none is needed. */
  token(): Promise<string | undefined>;
}

/** Starts nothing: what runs elsewhere is started there. */
export function endpointConnector(options: EndpointConnectorOptions): Connector {
  const memory: PollMemory = {};
  return {
    async connect() {
      // Not loaded before somebody wants it: activation stays cheap.
      const client = await import('../client/index.ts');
      const token = await options.token();
      const access = defined({ token });
      // It may be another one than last time, e.g. a manager where NNI was before.
      const endpoint = await client.identifyEndpoint(options.address, access).catch((error: unknown) => {
        const wanted =
          error instanceof client.EndpointError && (error.fault === 'token missing' || error.fault === 'token wrong');
        throw wanted ? new TokenWantedError(error.message) : error;
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
