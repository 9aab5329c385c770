/** What the user interface asks of the client before there is a connection. Loads the client at the first call: activation stays cheap. */
import type { Endpoint, EndpointOptions, FindNnictlOptions, Nnictl } from '../client/index.ts';

/** Finds out what answers at an address. @throws EndpointError that says what was found instead */
export async function identifyEndpoint(address: string, options: EndpointOptions): Promise<Endpoint> {
  const client = await import('../client/index.ts');
  return client.identifyEndpoint(address, options);
}

/** Finds the `nnictl` of this machine. @throws NnictlMissingError that says where it was looked for */
export async function findNnictl(options: FindNnictlOptions): Promise<Nnictl> {
  const client = await import('../client/index.ts');
  return client.Nnictl.find(options);
}
