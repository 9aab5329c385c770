/** The connections a user has added: they survive reloads of the window; their tokens are in VS Code's secret storage. */
import type { Memento, SecretStorage } from 'vscode';
import type { Connection } from '../../store/connection.ts';
import type { Store } from '../../store/store.ts';

interface Remembered {
  /** `http://host:port` and the path in front of all routes. Also the connection's id, which panels and rows store. */
  address: string;
  label: string;
}

/** This machine's own list: a window over SSH has another one. */
const memoryKey = 'trialdeck.connections';

export class RememberedConnections {
  readonly #store: Store;
  readonly #memory: Memento;
  readonly #secrets: SecretStorage;

  /** Adds all connections to the store without connecting. */
  constructor(store: Store, memory: Memento, secrets: SecretStorage) {
    this.#store = store;
    this.#memory = memory;
    this.#secrets = secrets;
    for (const remembered of this.#list()) this.#add(remembered);
  }

  /** Adds a connection, or sets the new token of the existing one with this address. Rejects when storing fails. */
  async remember(remembered: Remembered, token: string | undefined): Promise<Connection> {
    const { address } = remembered;
    if (token !== undefined) await this.#secrets.store(secretOf(address), token);
    if (!this.#store.connection(address)) await this.#save([...this.#list(), remembered]);
    return this.#add(remembered);
  }

  async rename(connection: Connection, label: string): Promise<void> {
    const { address } = connection;
    await this.#save(this.#list().map((known) => (known.address === address ? { ...known, label } : known)));
    connection.rename(label);
  }

  /** Replaces the token and reconnects. */
  async changeToken(connection: Connection, token: string): Promise<void> {
    await this.#secrets.store(secretOf(connection.id), token);
    connection.disconnect();
    await connection.show();
  }

  /** Forgets the connection and its token. */
  async forget(connection: Connection): Promise<void> {
    await this.#save(this.#list().filter(({ address }) => address !== connection.id));
    await this.#secrets.delete(secretOf(connection.id));
    this.#store.removeConnection(connection.id);
  }

  /** The token; undefined when the server needs none. */
  token(address: string): Promise<string | undefined> {
    return Promise.resolve(this.#secrets.get(secretOf(address)));
  }

  #add({ address, label }: Remembered): Connection {
    return this.#store.addEndpoint({ id: address, label, address, token: () => this.token(address) });
  }

  /** Skips entries that another version stored in a form that can't be read. */
  #list(): Remembered[] {
    const stored: unknown = this.#memory.get(memoryKey);
    if (!Array.isArray(stored)) return [];
    return stored.flatMap((entry: unknown) => {
      if (typeof entry !== 'object' || entry === null || !('address' in entry) || !('label' in entry)) return [];
      const { address, label } = entry;
      return typeof address === 'string' && typeof label === 'string' ? [{ address, label }] : [];
    });
  }

  async #save(list: Remembered[]): Promise<void> {
    await this.#memory.update(memoryKey, list);
  }
}

function secretOf(address: string): string {
  return `trialdeck.token ${address}`;
}
