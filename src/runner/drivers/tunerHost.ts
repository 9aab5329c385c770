/**
 * Calls a tuner, one call after the other, whether its methods are synchronous or not. The first failure is the last call:
 * what a tuner says after that can't be trusted.
 */
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import { messageOf } from '../../model/text/messageOf.ts';
import type { Parameters, TrialStatus } from '../../model/trial/trial.ts';
import type { FinishedTrial, Tuner } from '../../search/tuner.ts';

export class TunerHost {
  #tuner: Tuner;
  #name: string;
  #onFailure: (reason: string) => void;
  #last: Promise<unknown> = Promise.resolve();
  #failed = false;

  /** @param name the tuner's, for messages. `onFailure` is called once at most. */
  constructor(tuner: Tuner, name: string, onFailure: (reason: string) => void) {
    this.#tuner = tuner;
    this.#name = name;
    this.#onFailure = onFailure;
  }

  /** Begins a search, or continues one: the past first, then the tuner's own state. */
  async begin(space: SearchSpace, past?: Past): Promise<void> {
    await this.#call('start', async (tuner) => {
      await tuner.updateSearchSpace(space);
      if (!past) return;
      if (past.finished.length > 0) await tuner.importData(past.finished);
      if (past.state !== undefined) tuner.loadState(past.state);
      await tuner.recover(past.pending, past.fruitless);
    });
  }

  /**
   * The next set, and the tuner's state after it, to be stored together; undefined when there is none for now, or when the
   * tuner has failed.
   */
  async generate(parameterId: number): Promise<{ parameters: Parameters; state: unknown } | undefined> {
    return this.#call('generate parameters', async (tuner) => {
      const parameters: unknown = await tuner.generateParameters(parameterId);
      if (parameters === undefined) return undefined;
      if (parameters === null || typeof parameters !== 'object' || Array.isArray(parameters)) {
        throw new Error(`it gave ${JSON.stringify(parameters)} in place of parameters`);
      }
      return { parameters: parameters as Parameters, state: tuner.saveState() };
    });
  }

  /** Tells of a trial's end; `value` is its result, when it has a usable one. */
  async trialEnd(id: number, parameters: Parameters, status: TrialStatus, value: number | undefined): Promise<void> {
    await this.#call('learn of a result', async (tuner) => {
      if (value !== undefined) await tuner.receiveTrialResult(id, parameters, value);
      await tuner.trialEnd(id, value !== undefined, status);
    });
  }

  async importData(trials: readonly FinishedTrial[]): Promise<void> {
    await this.#call('import data', (tuner) => tuner.importData(trials));
  }

  /** Rejects when the tuner can't search the new space; it then goes on with the old one. */
  async updateSearchSpace(space: SearchSpace, old: SearchSpace): Promise<void> {
    let refused: unknown;
    await this.#call('take the search space', async (tuner) => {
      try {
        await tuner.updateSearchSpace(space);
      } catch (error) {
        refused = error;
        await tuner.updateSearchSpace(old);
      }
    });
    if (refused !== undefined) throw refused;
  }

  async dispose(): Promise<void> {
    this.#failed = true;
    try {
      await this.#tuner.dispose();
    } catch {
      // The search is over either way.
    }
  }

  #call<T>(what: string, call: (tuner: Tuner) => T | Promise<T>): Promise<T | undefined> {
    const result = this.#last.then(async () => {
      if (this.#failed) return undefined;
      try {
        return await call(this.#tuner);
      } catch (error) {
        this.#fail(what, error);
        return undefined;
      }
    });
    this.#last = result;
    return result;
  }

  #fail(what: string, error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const reason = messageOf(error);
    this.#onFailure(`The tuner ${this.#name} could not ${what}: ${reason}`);
  }
}

/** What a resumed search knows. */
export interface Past {
  finished: readonly FinishedTrial[];
  pending: ReadonlyMap<number, Parameters>;
  /** Sets of the tuner whose trials ended without a usable result. */
  fruitless: readonly Parameters[];
  /** What `saveState` gave; undefined when nothing was stored. */
  state?: unknown;
}
