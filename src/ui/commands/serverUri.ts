/** The address of an experiment's server for the user's browser. The editor forwards ports of another machine. */
import { env, Uri } from 'vscode';
import type { Connection } from '../../store/connection.ts';

/** @param port of the machine that the connection leads to */
export async function serverUri(connection: Connection | undefined, port: number, path = ''): Promise<Uri> {
  const address = connection?.kind === 'remote' ? connection.address : undefined;
  // Only the host: a tunnel to the manager's port does not lead to other ports.
  const host = address === undefined ? '127.0.0.1' : new URL(address).hostname;
  return env.asExternalUri(Uri.parse(`http://${host}:${port}/${path}`));
}
