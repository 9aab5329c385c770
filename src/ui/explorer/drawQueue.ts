/** Tells VS Code which rows to draw anew, no faster than VS Code draws them. Free of vscode. */
import type { PromptGate } from '../promptGate.ts';

/** VS Code draws after a pause of 200 ms, so trials that report without pause would keep it from ever drawing. */
const drawIntervalMs = 300;
/** VS Code never reads a row that it has dropped, so the wait for it has an end. */
const maxUnreadMs = 10_000;

/**
 * VS Code puts each event into a queue and never merges two of them (`_refreshQueue` in its extHostTreeViews.ts). On a slow machine or
 * connection that queue would grow, and a new row would wait behind minutes of old events. So this queue tells of more rows only after
 * VS Code has read a row that it was told of.
 */
export class DrawQueue<N> {
  readonly #gate: PromptGate;
  readonly #opened: { dispose(): void };
  readonly #tell: (nodes: N[] | undefined) => void;
  /** The rows to tell next; undefined among them stands for all. */
  readonly #waiting = new Set<N | undefined>();
  /** The rows of the last event, until VS Code reads one of them. */
  readonly #unread = new Set<N | undefined>();
  /** Runs for {@link drawIntervalMs} after each event. */
  #interval: NodeJS.Timeout | undefined;
  #timeout: NodeJS.Timeout | undefined;

  /**
   * @param tell gets the rows to draw, undefined for all
   * @param gate nothing is drawn while a prompt opens
   */
  constructor(tell: (nodes: N[] | undefined) => void, gate: PromptGate) {
    this.#tell = tell;
    this.#gate = gate;
    this.#opened = gate.onOpened(() => this.#flush());
  }

  /** Tells at once, or together with later rows as soon as VS Code is ready. @param nodes undefined stands for all */
  draw(...nodes: (N | undefined)[]): void {
    for (const node of nodes) this.#waiting.add(node);
    this.#flush();
  }

  /**
   * Notes that VS Code reads a row that it was told of, and so has drawn the rows of all earlier events. A row that VS Code reads as the
   * child of another says nothing about events.
   * @param node undefined stands for the topmost rows
   */
  read(node: N | undefined): void {
    if (this.#unread.has(node)) this.#endWait();
  }

  dispose(): void {
    clearTimeout(this.#interval);
    clearTimeout(this.#timeout);
    this.#opened.dispose();
    this.#waiting.clear();
  }

  #endWait(): void {
    clearTimeout(this.#timeout);
    this.#unread.clear();
    this.#flush();
  }

  #flush(): void {
    if (this.#interval || this.#unread.size > 0 || this.#waiting.size === 0) return;
    if (this.#gate.isOpening) return;
    this.#gate.drawn();
    for (const node of this.#waiting) this.#unread.add(node);
    this.#waiting.clear();
    this.#interval = setTimeout(() => {
      this.#interval = undefined;
      this.#flush();
    }, drawIntervalMs);
    this.#timeout = setTimeout(() => this.#endWait(), maxUnreadMs);
    const known = [...this.#unread].filter((node) => node !== undefined);
    this.#tell(known.length < this.#unread.size ? undefined : known);
  }
}
