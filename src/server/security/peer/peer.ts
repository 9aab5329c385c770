/** The program at the other end of a loopback connection: whether its user may use what this user's process serves. */

/**
 * `own`: a program of this user or of root has the connection open. `other`: it is another user's, or nobody has it open any more.
 * `unknown`: this machine does not tell.
 */
export type Peer = 'own' | 'other' | 'unknown';

/** An accepted connection's two ends, as `net.Socket` has them; undefined once it is closed. */
export interface ConnectionEnds {
  localAddress?: string | undefined;
  localPort?: number | undefined;
  remoteAddress?: string | undefined;
  remotePort?: number | undefined;
}

/** Two IPv4 ends. */
export interface Ipv4Ends {
  local: { address: string; port: number };
  remote: { address: string; port: number };
}

/** A system's table of connections. */
export interface Peers {
  find(ends: Ipv4Ends): Promise<Peer>;
}

/** Undefined for a closed connection, and for one that is not over IPv4. */
export function ipv4Ends({ localAddress, localPort, remoteAddress, remotePort }: ConnectionEnds): Ipv4Ends | undefined {
  const local = ipv4(localAddress);
  const remote = ipv4(remoteAddress);
  if (local === undefined || remote === undefined || localPort === undefined || remotePort === undefined)
    return undefined;
  return { local: { address: local, port: localPort }, remote: { address: remote, port: remotePort } };
}

function ipv4(address: string | undefined): string | undefined {
  const plain = address?.replace(/^::ffff:/i, '');
  return plain !== undefined && /^\d+\.\d+\.\d+\.\d+$/.test(plain) ? plain : undefined;
}
