/**
 * Undoes NNI 3.0's mix-up of parameters. Its local service hands each parameter set to the trial that asks first, while the record names
 * the trial that the set was meant for (class V3asV1 in ts/nni_manager/training_service/v3/compat.ts). A trial's metrics carry the id of
 * the set that it got, and the record of some trial has that set. So the parameters of a trial are known once it has reported anything.
 */
import type { Parameters } from '../trial/trial.ts';

/** The record of a trial. */
export interface RecordedTrial {
  id: string;
  /** Epoch milliseconds. */
  startTime?: number;
  /** null where the record has none, as for trials that a person added. */
  parameterId: string | null;
  parameters: Parameters;
}

export interface ActualParameters {
  parameterId: string | null;
  parameters: Parameters;
}

interface Reports {
  /** A trial that ran when its experiment was stopped runs again after a resume, with the parameters that it gets then. */
  latest: string | null;
  all: Set<string | null>;
}

/** Never guesses: where the truth is not known, the record stays. */
export class ParameterMixUps {
  #trials = new Map<string, RecordedTrial>();
  #reports = new Map<string, Reports>();
  /** Ids of trials by the parameter id that is on their record; one, except where a resumed experiment counted from 0 again. */
  #owners = new Map<string | null, Set<string>>();
  /** Trials whose metrics name another set than their record does, by that set. */
  #swapped = new Map<string | null, Set<string>>();
  #actual = new Map<string, ActualParameters>();

  /**
   * Takes the record of a trial, and takes it again when it has changed.
   *
   * @returns ids of the trials for which {@link actual} now gives another answer
   */
  record(trial: RecordedTrial): string[] {
    const { id, parameterId, startTime } = trial;
    const known = this.#trials.get(id);
    if (known && known.parameterId === parameterId && known.startTime === startTime) {
      this.#trials.set(id, trial);
      return [];
    }
    if (known && known.parameterId !== parameterId) this.#owners.get(known.parameterId)?.delete(id);
    this.#trials.set(id, trial);
    setOf(this.#owners, parameterId).add(id);
    return this.#judge([id, ...(this.#swapped.get(parameterId) ?? [])]);
  }

  /**
   * Takes the parameter id of one of a trial's metrics, in the order in which they came.
   *
   * @returns as {@link record} does
   */
  reported(trialId: string, parameterId: string | null): string[] {
    const known = this.#reports.get(trialId);
    if (known?.latest === parameterId) return [];
    if (known) {
      known.latest = parameterId;
      known.all.add(parameterId);
    } else this.#reports.set(trialId, { latest: parameterId, all: new Set([parameterId]) });
    const trial = this.#trials.get(trialId);
    // This metric may change which sets the trial left to others.
    const left = trial ? (this.#swapped.get(trial.parameterId) ?? []) : [];
    return this.#judge([trialId, ...(this.#swapped.get(parameterId) ?? []), ...left]);
  }

  /** The parameters that the trial ran with; undefined where the record is right, or where the truth is not known. */
  actual(trialId: string): ActualParameters | undefined {
    return this.#actual.get(trialId);
  }

  #judge(ids: string[]): string[] {
    return [...new Set(ids)].filter((id) => {
      const before = this.#actual.get(id);
      const now = this.#find(id);
      if (now) this.#actual.set(id, now);
      else this.#actual.delete(id);
      return now?.parameters !== before?.parameters;
    });
  }

  #find(id: string): ActualParameters | undefined {
    const trial = this.#trials.get(id);
    const parameterId = this.#reports.get(id)?.latest;
    if (!trial || parameterId === undefined || parameterId === trial.parameterId) return undefined;
    setOf(this.#swapped, parameterId).add(id);
    const owner = this.#ownerOf(parameterId, trial);
    return owner && { parameterId, parameters: owner.parameters };
  }

  /** The trial whose record holds the set. Sets without an id can't be told from each other. */
  #ownerOf(parameterId: string | null, trial: RecordedTrial): RecordedTrial | undefined {
    // NNI hands out a set once: a trial that only ever had its own set did not leave it to another.
    const owners = [...(this.#owners.get(parameterId) ?? [])]
      .filter((id) => !this.#hasOnlyReported(id, parameterId))
      .flatMap((id) => this.#trials.get(id) ?? []);
    if (owners.length <= 1) return owners[0];
    if (parameterId === null || trial.startTime === undefined) return undefined;
    const { startTime } = trial;
    // Ids repeat in another session only, and NNI mixes up sets among trials that start together.
    const distance = (owner: RecordedTrial) =>
      owner.startTime === undefined ? Number.POSITIVE_INFINITY : Math.abs(owner.startTime - startTime);
    owners.sort((a, b) => distance(a) - distance(b));
    return owners[0] && Number.isFinite(distance(owners[0])) ? owners[0] : undefined;
  }

  #hasOnlyReported(trialId: string, parameterId: string | null): boolean {
    const reports = this.#reports.get(trialId);
    return reports?.latest === parameterId && reports.all.size === 1;
  }
}

function setOf(sets: Map<string | null, Set<string>>, key: string | null): Set<string> {
  let set = sets.get(key);
  if (!set) {
    set = new Set();
    sets.set(key, set);
  }
  return set;
}
