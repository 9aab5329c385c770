/** When the page is drawn: in the next frame, after a pause while drawing is much work, and when a clock on it moves on. */

/** Above so many plotted points the page redraws for new data at most every {@link maxDataIntervalMs}. */
const manyPoints = 4000;
const maxDataIntervalMs = 100;
/** Between drawings for texts such as `2 min ago`. */
const restIntervalMs = 15_000;

export class DrawClock {
  /** How many points the plots in sight hold. Each plot sets its own. */
  readonly plotted = new Map<string, number>();
  readonly #draw: () => void;
  #frame: number | undefined;
  #timer: number | undefined;
  #lastDraw = 0;
  /** Epoch milliseconds of the last drawing: the time that all parts of one drawing agree on. */
  now = Date.now();

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  /** Draws in the next frame. */
  invalidate(): void {
    window.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#lastDraw = performance.now();
      this.now = Date.now();
      this.#draw();
    });
  }

  /** Draws new data: in the next frame, or a little later when drawing it is much work. */
  invalidateData(): void {
    if (this.#frame !== undefined || this.#timer !== undefined) return;
    let points = 0;
    for (const count of this.plotted.values()) points += count;
    const waitMs = points > manyPoints ? this.#lastDraw + maxDataIntervalMs - performance.now() : 0;
    if (waitMs <= 0) this.invalidate();
    else this.#timer = window.setTimeout(() => this.invalidate(), waitMs);
  }

  /**
   * Draws once a second while a clock on the page runs, else now and then.
   * @param isTicking says whether one runs
   * @param onTick is called before each of these drawings
   */
  start(isTicking: () => boolean, onTick: () => void): void {
    const delayMs = isTicking() ? 1000 - (Date.now() % 1000) : restIntervalMs;
    window.setTimeout(() => {
      onTick();
      this.invalidate();
      this.start(isTicking, onTick);
    }, delayMs);
  }
}
