/** Protection of a port without a token from other users of the machine: the machine tells whose program is at the other end. */
import type { Socket } from 'node:net';
import { userInfo } from 'node:os';
import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { RunnerAccess } from '../../model/experiment/runnerAccess.ts';
import { httpError } from './httpError.ts';
import { ipv4Ends, type Peer, type Peers } from './peer/peer.ts';
import { systemPeers } from './peer/systemPeers.ts';

export interface PeerCheckOptions {
  /** What holds where the machine does not tell whose a connection is. */
  access: RunnerAccess;
  /** Whether a request needs no check, because it has a token. */
  isTrusted(request: FastifyRequest): boolean;
  /** The system's by default. */
  peers?: Peers;
}

/**
 * A hook that refuses the programs of other users (403) before a body is read, and closes their connections. A connection is judged
 * once, at its first request without a token.
 */
export function peerCheck({ access, isTrusted, peers = systemPeers() }: PeerCheckOptions): onRequestAsyncHookHandler {
  const judged = new WeakMap<Socket, Promise<Peer>>();
  return async (request, reply) => {
    if (isTrusted(request)) return;
    const { socket } = request.raw;
    let verdict = judged.get(socket);
    if (!verdict) {
      const ends = ipv4Ends(socket);
      verdict = ends ? peers.find(ends) : Promise.resolve(isClosed(socket) ? 'other' : 'unknown');
      judged.set(socket, verdict);
    }
    const peer = await verdict;
    if (!socket.destroyed && (peer === 'own' || (peer === 'unknown' && access === 'allow'))) return;
    reply.header('connection', 'close');
    throw httpError(403, peer === 'unknown' ? unknownWords : otherWords());
  };
}

/** The kernel names no peer of a connection that was reset, while its bytes are still to be read (getpeername(2): ENOTCONN). */
function isClosed({ destroyed, localAddress, remoteAddress }: Socket): boolean {
  return destroyed || localAddress === undefined || remoteAddress === undefined;
}

const unknownWords =
  "This machine does not tell which user's program is at the other end of the connection, so an experiment's own port does not " +
  'answer it. Connect to the manager instead, or set trialdeck.runnerAccess (TRIALDECK_RUNNER_ACCESS) to "allow": then every user ' +
  'of this machine can read, change and stop the experiment.';

function otherWords(): string {
  let name = 'the user who started it';
  try {
    name = userInfo().username;
  } catch {
    // A uid without an entry in the list of users.
  }
  return `Only programs of ${name} may use this experiment's port, and must keep the connection open until the answer has come.`;
}
