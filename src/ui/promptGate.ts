/**
 * Keeps the tree still while a prompt opens. After each drawing VS Code gives a tree the keyboard if the tree had it a moment
 * before (`CustomTreeView.doRefresh` in `vs/workbench/browser/parts/views/treeView.ts`). A prompt that opens in that moment loses
 * the keyboard and closes, with what was typed. Free of vscode.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** VS Code draws 200 ms after it was told, and then asks for the rows. */
const settleMs = 400;

/** A prompt has the keyboard for good by then. */
const openingMs = 500;

export class PromptGate {
  readonly #wait: (ms: number) => Promise<unknown>;
  #opening = 0;
  #lastDrawnAt = Number.NEGATIVE_INFINITY;
  readonly #listeners = new Set<() => void>();

  /** @param wait resolves after some milliseconds */
  constructor(wait: (ms: number) => Promise<unknown> = delay) {
    this.#wait = wait;
  }

  /** Whether a prompt is about to open, or has just opened. */
  get isOpening(): boolean {
    return this.#opening > 0;
  }

  /** Notes that VS Code was told to draw rows. */
  drawn(): void {
    this.#lastDrawnAt = performance.now();
  }

  /** @param listener called when rows may be drawn again */
  onOpened(listener: () => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  /** Shows a prompt once the drawing under way is over. @returns its answer */
  async show<T>(prompt: () => PromiseLike<T>): Promise<T> {
    const release = this.#hold();
    try {
      const waitMs = this.#lastDrawnAt + settleMs - performance.now();
      if (waitMs > 0) await this.#wait(waitMs);
      const answer = prompt();
      void this.#wait(openingMs).then(release);
      return await answer;
    } finally {
      release();
    }
  }

  #hold(): () => void {
    let isHeld = true;
    this.#opening++;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#opening--;
      if (this.#opening === 0) for (const listener of [...this.#listeners]) listener();
    };
  }
}

/** The gate of this window. */
export const promptGate = new PromptGate((ms) => delay(ms, undefined, { ref: false }));
