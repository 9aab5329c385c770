/** Finds the one experiment that an address serves. */

import { defined } from '../model/json/defined.ts';
import { readServerAddress } from '../model/text/serverAddress.ts';
import { identifyEndpoint } from './endpoint.ts';
import { EndpointError } from './errors.ts';

/** @throws EndpointError when nothing, another program, a manager of many, or an NNI without an experiment answers */
export async function findExperiment(
  endpoint: string,
  options: { token?: string; signal?: AbortSignal | undefined },
): Promise<{ address: string; id: string; token?: string }> {
  const found = await identifyEndpoint(endpoint, options);
  const { address } = found;
  // `address` comes without the token, because addresses are shown.
  const { token } = { ...readServerAddress(endpoint), ...options };
  const access = defined({ token });
  if (found.kind === 'runner') return { address, id: found.summary.id, ...access };
  if (found.kind === 'manager') {
    const words = `${address} is a manager of several experiments. Connect to one of them: ${address}/experiments/ID.`;
    throw new EndpointError(endpoint, 'other program', words);
  }
  if (found.profile) return { address, id: found.profile.id, ...access };
  const words = `NNI answers at ${address}, but has no experiment yet. It may still be starting; try again.`;
  throw new EndpointError(endpoint, 'other program', words);
}
