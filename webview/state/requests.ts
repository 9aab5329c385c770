/** The page's requests to the panel. */
import { messageOf } from '../../src/model/text/messageOf.ts';
import type { Method, PanelAction, Requests as Protocol } from '../../src/protocol.ts';
import type { Host } from './host.ts';

export class Requests {
  readonly #host: Host;
  readonly #changed: () => void;
  /** Requests and actions under way. */
  readonly pending = new Set<Method | PanelAction>();
  /** Why the last request was refused, until the next one succeeds or the user dismisses the message. */
  refusal: string | undefined;

  /** @param changed is called when {@link pending} or {@link refusal} is another */
  constructor(host: Host, changed: () => void) {
    this.#host = host;
    this.#changed = changed;
  }

  /**
   * Sends a request. Never rejects: {@link refusal} holds the reason.
   * @param pendingAs the name under which it is pending
   */
  async ask<M extends Method>(
    method: M,
    params: Protocol[M]['params'],
    pendingAs: Method | PanelAction = method,
  ): Promise<void> {
    this.pending.add(pendingAs);
    this.#changed();
    try {
      await this.#host.request(method, params);
      this.refusal = undefined;
    } catch (error) {
      this.refusal = messageOf(error);
    } finally {
      this.pending.delete(pendingAs);
      this.#changed();
    }
  }

  dismissRefusal(): void {
    this.refusal = undefined;
    this.#changed();
  }
}
