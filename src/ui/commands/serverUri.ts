/** Where a server of an experiment is for a browser: the editor forwards what is on another machine. */
import { env, Uri } from 'vscode';
import type { Connection } from '../../store/connection.ts';

/** @param port of the machine that the connection leads to */
export async function serverUri(connection: Connection | undefined, port: number, path = ''): Promise<Uri> {
  const address = connection?.kind === 'remote' ? connection.address : undefined;
  // Nothing of it but the host: tunnels of the manager's own port do not lead to others.
  const host = address === undefined ? '127.0.0.1' : new URL(address).hostname;
  return env.asExternalUri(Uri.parse(`http://${host}:${port}/${path}`));
}
