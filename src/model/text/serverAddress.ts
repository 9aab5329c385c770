/** What a person types or pastes to name a server: `gpu1:8080`, an address with a path, or one out of a web browser. */

/** `empty`, `nonsense` (not an address), `scheme` (neither http nor https), `port` (missing or impossible). */
export type AddressProblem = 'empty' | 'nonsense' | 'scheme' | 'port';

export interface ServerAddress {
  /** `http://host:port`, without a path. */
  origin: string;
  /** Paths at which the routes may begin, the longest first and `''` last; no slash at their end. */
  paths: string[];
  /** From `?token=…`. The UI shows and stores addresses, so the token must not stay in one. */
  token?: string;
}

/** Pages and routes below a server's root, as a browser shows them. */
const pages = new Set(['oview', 'detail', 'experiment', 'index.html']);
/** A prefix has at most this many parts. */
const maxPathParts = 4;

/** Reads an address, without a user name and password in it. */
export function readServerAddress(text: string): ServerAddress | { problem: AddressProblem } {
  const given = text.trim();
  if (given === '') return { problem: 'empty' };
  if (/^\d+$/.test(given)) return readServerAddress(`localhost:${given}`);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(given)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') return { problem: 'scheme' };
  // A browser reads "a b" and "a!b" as host names; no real host has such a name.
  const host = /^(?:[a-z]+:\/\/)?(?:[^/?#@]*@)?(\[[0-9a-f:.]+\]|[^/?#:\s[\]]*)(?::([^/?#]*))?(?:[/?#]|$)/i.exec(given);
  if (!host?.[1] || !/^(?:\[.+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)$/i.test(host[1])) return { problem: 'nonsense' };
  const port = host[2];
  if (port === undefined ? scheme === undefined : !/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    return { problem: 'port' };
  }
  let url: URL;
  try {
    url = new URL(scheme === undefined ? `http://${given}` : given);
  } catch {
    return { problem: 'nonsense' };
  }
  const token = url.searchParams.get('token');
  return { origin: url.origin, paths: prefixes(url.pathname), ...(token ? { token } : {}) };
}

function prefixes(path: string): string[] {
  let parts = path.split('/').filter((part) => part !== '');
  const api = parts.findIndex((part, index) => part === 'api' && parts[index + 1] === 'v1');
  if (api >= 0) parts = parts.slice(0, api);
  if (pages.has(parts.at(-1) ?? '')) parts.pop();
  const found: string[] = [];
  for (let length = Math.min(parts.length, maxPathParts); length >= 0; length--) {
    found.push(
      parts
        .slice(0, length)
        .map((part) => `/${part}`)
        .join(''),
    );
  }
  return found;
}

/** `host:port` and the prefix of the routes: the name of a server that has no other name. */
export function shortAddress(address: string): string {
  return address.replace(/^[a-z]+:\/\//, '');
}
