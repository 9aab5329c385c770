/** Functions of the client that the user interface calls before a connection exists. Loads the client at the first call: activation stays cheap. */
import type { Endpoint, EndpointOptions, FindNnictlOptions, Nnictl } from '../client/index.ts';

/** Identifies the server at an address. @throws EndpointError that names what was found instead */
export async function identifyEndpoint(address: string, options: EndpointOptions): Promise<Endpoint> {
  const client = await import('../client/index.ts');
  return client.identifyEndpoint(address, options);
}

/** Finds the `nnictl` of this machine. @throws NnictlMissingError that names the places searched */
export async function findNnictl(options: FindNnictlOptions): Promise<Nnictl> {
  const client = await import('../client/index.ts');
  return client.Nnictl.find(options);
}
