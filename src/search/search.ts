/** One experiment's search: a tuner, and an assessor where the config has one. Knows which of the two is to be told what. */
import type { SearchSpace } from '../model/space/searchSpace.ts';
import { messageOf } from '../model/text/messageOf.ts';
import type { Answer, Assessor, Checkpoint, Decision, ProposedSet, SearchAlgorithm, SearchEvent } from './algorithm.ts';

/** What came of telling. */
export interface Told {
  stops: Decision[];
  /** Why a search space was refused. */
  refused?: string;
}

/** What runs a search: {@link Search} itself, or a thread with one. Calls must not overlap. */
export interface SearchSession {
  /** Whether it is to be told intermediate results, and all events from the first on when it is resumed. */
  readonly needs: { reports: boolean; history: boolean };
  open(space: SearchSpace, from?: Checkpoint): Promise<void>;
  tell(events: readonly SearchEvent[]): Promise<Told>;
  ask(count: number, firstId: number): Promise<Answer>;
  /** The state of all algorithms; undefined when none has one. */
  checkpoint(): Promise<unknown>;
  dispose(): Promise<void>;
}

interface Part<Algorithm extends Assessor> {
  algorithm: Algorithm;
  /** For messages: `The tuner TPE`. */
  title: string;
  /** The state in a checkpoint. */
  key: 'tuner' | 'assessor';
  /** Events up to here are part of its checkpoint. */
  covered: number | undefined;
}

export class Search implements SearchSession {
  #tuner: Part<SearchAlgorithm>;
  #parts: Part<Assessor>[];

  /** The names are those of the config, for messages. */
  constructor(tuner: { algorithm: SearchAlgorithm; name: string }, assessor?: { algorithm: Assessor; name: string }) {
    this.#tuner = { ...partOf(tuner, 'tuner'), algorithm: tuner.algorithm };
    this.#parts = [this.#tuner, ...(assessor ? [partOf(assessor, 'assessor')] : [])];
  }

  get needs(): { reports: boolean; history: boolean; thread: boolean } {
    const needs = this.#parts.map(({ algorithm }) => algorithm.needs ?? {});
    return {
      reports: needs.some(({ reports }) => reports),
      history: this.#parts.some(({ algorithm }) => needsHistory(algorithm)),
      thread: needs.some(({ thread }) => thread),
    };
  }

  async open(space: SearchSpace, from?: Checkpoint): Promise<void> {
    for (const part of this.#parts) {
      const state = from && stateOf(from.state, part.key);
      if (state === undefined || !from) {
        await attempt(part, 'start', () => part.algorithm.open(space));
        continue;
      }
      if (!needsHistory(part.algorithm)) part.covered = from.seq;
      await attempt(part, 'start', () => part.algorithm.open(space, { seq: from.seq, state }));
    }
  }

  async ask(count: number, firstId: number): Promise<Answer> {
    const tuner = this.#tuner;
    return attempt(tuner, 'generate parameters', async () => checkedAnswer(await tuner.algorithm.ask(count, firstId)));
  }

  /** Stops at a refused search space. */
  async tell(events: readonly SearchEvent[]): Promise<Told> {
    const told: Told = { stops: [] };
    for (const event of events) {
      for (const part of this.#parts) {
        if (!isFor(part, event)) continue;
        try {
          told.stops.push(...((await part.algorithm.tell(event)) ?? []));
        } catch (error) {
          if (event.kind !== 'space') throw failure(part, tasks[event.kind], error);
          told.refused ??= messageOf(error);
        }
      }
    }
    return told;
  }

  async checkpoint(): Promise<unknown> {
    const states: Record<string, unknown> = {};
    for (const part of this.#parts) {
      const state = await attempt(part, 'say where it is', () => part.algorithm.checkpoint?.());
      if (state !== undefined) states[part.key] = state;
    }
    return Object.keys(states).length > 0 ? states : undefined;
  }

  async dispose(): Promise<void> {
    for (const { algorithm } of this.#parts) {
      try {
        await algorithm.dispose?.();
      } catch {
        // The search is over either way.
      }
    }
  }
}

const tasks: Readonly<Record<SearchEvent['kind'], string>> = {
  proposed: 'learn of its past',
  reported: 'learn of a report',
  ended: 'learn of a result',
  discarded: 'learn of a set that is not needed',
  imported: 'import data',
  space: 'take the search space',
};

function partOf<Algorithm extends Assessor>(
  { algorithm, name }: { algorithm: Algorithm; name: string },
  key: Part<Algorithm>['key'],
): Part<Algorithm> {
  return { algorithm, title: `The ${key} ${name}`, key, covered: undefined };
}

function needsHistory(algorithm: Assessor): boolean {
  return algorithm.needs?.history === true || algorithm.checkpoint === undefined;
}

function isFor({ algorithm, covered }: Part<Assessor>, event: SearchEvent): boolean {
  if (event.kind === 'reported' && !algorithm.needs?.reports) return false;
  // A checkpoint covers all sets that were proposed: it is stored together with them.
  return covered === undefined || (event.seq > covered && event.kind !== 'proposed');
}

function stateOf(state: unknown, key: Part<Assessor>['key']): unknown {
  return typeof state === 'object' && state !== null && key in state ? Reflect.get(state, key) : undefined;
}

/** @throws Error when it is not an answer */
function checkedAnswer(answer: Answer): Answer {
  const { sets, rest }: { sets?: unknown; rest?: unknown } = answer ?? {};
  if (!Array.isArray(sets) || (rest !== 'later' && rest !== 'never')) {
    throw new Error(`it gave ${JSON.stringify(answer)} in place of an answer`);
  }
  for (const set of sets) {
    const { id, parameters }: Partial<ProposedSet> = set ?? {};
    if (typeof id !== 'number' && typeof id !== 'string') {
      throw new Error(`it gave a set with ${JSON.stringify(id)} in place of an id`);
    }
    if (parameters === null || typeof parameters !== 'object' || Array.isArray(parameters)) {
      throw new Error(`it gave ${JSON.stringify(parameters)} in place of parameters`);
    }
  }
  return answer;
}

async function attempt<T>(part: Part<Assessor>, task: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw failure(part, task, error);
  }
}

function failure({ title }: Part<Assessor>, task: string, error: unknown): Error {
  return new Error(`${title} could not ${task}: ${messageOf(error)}`, { cause: error });
}
