/** The table of connections that this system has. */
import { NetstatPeers } from './netstatPeers.ts';
import type { Peers } from './peer.ts';
import { ProcPeers } from './procPeers.ts';

/** The table of this system; one for a process is enough. */
export function systemPeers(platform: NodeJS.Platform = process.platform): Peers {
  const uid = process.geteuid?.();
  if (uid === undefined) return { find: async () => 'unknown' };
  if (platform === 'linux') return new ProcPeers(uid);
  if (platform === 'darwin') return new NetstatPeers(uid);
  return { find: async () => 'unknown' };
}
