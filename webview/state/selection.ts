/** The picked trial, and the throttling of picks sent to the window. */

/** Moving through a table picks many trials: after the first, the panel gets at most one pick per interval. */
const intervalMs = 120;

export class Selection {
  readonly #tell: (trialId: string | null) => void;
  #trialId: string | null;
  #told: string | null;
  #timer: number | undefined;

  /**
   * @param trialId the trial that an earlier page of this panel had picked
   * @param tell sends a pick to the panel
   */
  constructor(trialId: string | null, tell: (trialId: string | null) => void) {
    this.#trialId = trialId;
    this.#told = trialId;
    this.#tell = tell;
  }

  get trialId(): string | null {
    return this.#trialId;
  }

  /**
   * Applies a pick made in the page. The panel gets it at once, or at the end of the interval.
   * @returns whether it changes anything
   */
  pick(trialId: string | null): boolean {
    if (trialId === this.#trialId) return false;
    this.#trialId = trialId;
    if (this.#timer === undefined) this.#send();
    return true;
  }

  /**
   * Applies a pick made elsewhere in the window. It replaces a pick of the page that is not sent yet.
   * @returns whether it changes anything
   */
  follow(trialId: string | null): boolean {
    window.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#told = trialId;
    if (trialId === this.#trialId) return false;
    this.#trialId = trialId;
    return true;
  }

  /**
   * Applies the pick in a snapshot, unless the page has a newer pick that is not sent yet.
   * @returns whether it changes anything
   */
  begin(trialId: string | null): boolean {
    return this.#trialId === this.#told ? this.follow(trialId) : false;
  }

  #send(): void {
    this.#told = this.#trialId;
    this.#tell(this.#trialId);
    this.#timer = window.setTimeout(() => {
      this.#timer = undefined;
      if (this.#told !== this.#trialId) this.#send();
    }, intervalMs);
  }
}
