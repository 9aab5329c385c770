/** Schedules the page's drawing: in the next frame, after a pause while drawing is expensive, and for each tick of its clocks. */

/** Above this many plotted points the page redraws for new data at most every {@link maxDataIntervalMs}. */
const maxEagerPoints = 4000;
const maxDataIntervalMs = 100;
/** Between drawings for texts such as `2 min ago`. */
const restIntervalMs = 15_000;

export class DrawClock {
  /** Number of points in each visible plot. Each plot sets its own. */
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

  /** Draws new data: in the next frame, or a little later when drawing is expensive. */
  invalidateData(): void {
    if (this.#frame !== undefined || this.#timer !== undefined) return;
    let points = 0;
    for (const count of this.plotted.values()) points += count;
    const waitMs = points > maxEagerPoints ? this.#lastDraw + maxDataIntervalMs - performance.now() : 0;
    if (waitMs <= 0) this.invalidate();
    else this.#timer = window.setTimeout(() => this.invalidate(), waitMs);
  }

  /**
   * Draws once a second while a clock on the page runs, else every {@link restIntervalMs}.
   * @param isTicking whether a clock runs
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
