/** Tells VS Code which rows to draw anew, at a pace it can follow. Free of vscode. */
import type { PromptGate } from '../promptGate.ts';

/** VS Code draws after a pause of 200 ms, so trials that report without pause would keep it from ever drawing. */
const drawIntervalMs = 300;

export class DrawQueue<N> {
  readonly #gate: PromptGate;
  readonly #opened: { dispose(): void };
  readonly #tell: (nodes: N[] | undefined) => void;
  /** What is to be drawn anew; undefined among it stands for all. */
  readonly #waiting = new Set<N | undefined>();
  #timer: NodeJS.Timeout | undefined;
  #lastDrawn = Number.NEGATIVE_INFINITY;

  /**
   * @param tell gets the rows to draw, undefined for all
   * @param gate nothing is drawn while a prompt opens
   */
  constructor(tell: (nodes: N[] | undefined) => void, gate: PromptGate) {
    this.#tell = tell;
    this.#gate = gate;
    this.#opened = gate.onOpened(() => this.draw(...this.#waiting));
  }

  /** Tells at once, or together with what else comes within the interval. @param nodes undefined stands for all */
  draw(...nodes: (N | undefined)[]): void {
    for (const node of nodes) this.#waiting.add(node);
    if (this.#timer || nodes.length === 0) return;
    const waitMs = this.#lastDrawn + drawIntervalMs - performance.now();
    if (waitMs <= 0) this.#flush();
    else this.#timer = setTimeout(() => this.#flush(), waitMs);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#opened.dispose();
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#gate.isOpening) return;
    this.#gate.drawn();
    this.#lastDrawn = performance.now();
    const nodes = [...this.#waiting];
    this.#waiting.clear();
    const known = nodes.filter((node) => node !== undefined);
    this.#tell(known.length < nodes.length ? undefined : known);
  }
}
