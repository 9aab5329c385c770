/**
 * A runner that is killed and resumed, at any place: every algorithm is told each event exactly once, and one that is
 * deterministic proposes the same sets as in a life without a break.
 */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import type { ExperimentConfig } from '../../../src/model/config/config.ts';
import type { ExperimentProfile } from '../../../src/model/experiment/experiment.ts';
import type { SearchSpace } from '../../../src/model/space/searchSpace.ts';
import { isEnded } from '../../../src/model/trial/trial.ts';
import { SearchDriver } from '../../../src/runner/drivers/search.ts';
import { SearchPast } from '../../../src/runner/drivers/searchPast.ts';
import { RunnerEvents } from '../../../src/runner/events.ts';
import { ExperimentLifecycle } from '../../../src/runner/lifecycle.ts';
import { findProcesses, readPast } from '../../../src/runner/trials/resume.ts';
import type { Answer, Checkpoint, Decision, SearchAlgorithm, SearchEvent } from '../../../src/search/algorithm.ts';
import { createSearch } from '../../../src/search/registry.ts';
import { Search, type SearchSession } from '../../../src/search/search.ts';
import { RandomTuner } from '../../../src/search/tuners/random.ts';
import { silentLogger } from '../../../src/server/log.ts';
import { ExperimentDatabase } from '../../../src/server/storage/experimentDatabase.ts';
import { ExperimentState } from '../../../src/server/storage/experimentState.ts';
import { Journal } from '../../../src/server/storage/journal.ts';
import { storeBatch } from '../../../src/server/storage/storeBatch.ts';
import { ManualClock } from '../../harness/manualClock.ts';
import { Stage } from './stage.ts';

const spaces: SearchSpace[] = [
  { x: { _type: 'uniform', _value: [0, 1] }, n: { _type: 'randint', _value: [0, 50] } },
  { x: { _type: 'uniform', _value: [0, 2] }, c: { _type: 'choice', _value: ['a', 'b', 'c'] } },
];

/** How an algorithm remembers: from repeated events, from its checkpoint alone, or from both. */
type Memory = 'history' | 'checkpoint' | 'both';

/** Proposes a set that depends on all it knows, and stops trials that report less than 0.3. */
class Witness implements SearchAlgorithm {
  readonly needs: { reports: true; history: boolean };
  /** What it was told, in order, with places in the log. */
  told: string[] = [];
  #proposed = 0;
  #space = '';
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.needs = { reports: true, history: memory !== 'checkpoint' };
  }

  open(space: SearchSpace, from?: Checkpoint): void {
    this.#space = JSON.stringify(space);
    if (this.#memory === 'history' || !from) return;
    const { told, proposed, space: known } = from.state as { told: string[]; proposed: number; space: string };
    if (this.#memory === 'both') return;
    this.told = [...told];
    this.#proposed = proposed;
    assert.equal(this.#space, known, 'the space at the checkpoint');
  }

  ask(count: number, firstId: number): Answer {
    const known = this.told.filter((event) => !event.startsWith('space')).map((event) => event.replace(/^.*@\d+ /, ''));
    let hash = this.#space.length;
    for (const character of known.join()) hash = (hash * 31 + character.charCodeAt(0)) % 99_991;
    const sets = Array.from({ length: count }, (_, index) => ({
      id: firstId + index,
      parameters: { x: hash, n: this.#proposed++ },
    }));
    return { sets, rest: 'later' };
  }

  tell(event: SearchEvent): Decision[] {
    if (event.kind === 'proposed') {
      this.#proposed++;
      return [];
    }
    this.told.push(inWords(event));
    if (event.kind === 'space') this.#space = JSON.stringify(event.space);
    if (event.kind !== 'reported' || event.report.value >= 0.3) return [];
    return [{ trialId: event.trialId, reason: 'below 0.3' }];
  }

  checkpoint(): unknown {
    return { told: this.told, proposed: this.#proposed, space: this.#space };
  }
}

/** `reported@12 3 0.5`; trials are called by their sets, as ids are random. */
function inWords(event: SearchEvent): string {
  const head = `${event.kind}@${event.seq}`;
  if (event.kind === 'reported') return `${head} ${event.set} ${event.report.text}`;
  if (event.kind === 'ended')
    return `${head} ${event.set} ${event.status} ${event.final?.text} ${event.latest?.text} ${JSON.stringify(event.parameters)}`;
  if (event.kind === 'imported') return `${head} ${JSON.stringify(event.results)}`;
  return event.kind === 'space' ? `${head} ${JSON.stringify(event.space)}` : head;
}

type Step =
  | { do: 'report' | 'end'; pick: number; value: number }
  | { do: 'fail' | 'cancel'; pick: number }
  | { do: 'import' | 'custom'; value: number }
  | { do: 'space' };

const value = fc.integer({ min: 0, max: 20 }).map((twentieth) => twentieth / 20);
const pick = fc.nat({ max: 5 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('report' as const), pick, value }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('end' as const), pick, value }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('fail' as const, 'cancel' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('import' as const, 'custom' as const), value }) },
  { weight: 1, arbitrary: fc.constant({ do: 'space' as const }) },
);

/** An experiment whose runner dies when it is to store a batch, and is resumed. */
class World {
  readonly database = ExperimentDatabase.openWritable(':memory:');
  state = new ExperimentState('maximize');
  stage = new Stage();
  deaths = 0;
  readonly #createSession: () => Promise<SearchSession>;
  readonly #config: ExperimentConfig;
  /** Batches that are stored before the next death. */
  #gaps: number[];
  #left: number;
  #dead = false;
  #life: ExperimentLifecycle | undefined;

  constructor(createSession: () => Promise<SearchSession>, config: Partial<ExperimentConfig>, gaps: number[]) {
    this.#createSession = createSession;
    this.#config = {
      experimentType: 'hpo',
      searchSpace: spaces[0],
      trialConcurrency: 2,
      trainingService: { platform: 'local' },
      ...config,
    } as unknown as ExperimentConfig;
    this.#gaps = [...gaps];
    this.#left = this.#gaps.shift() ?? Number.POSITIVE_INFINITY;
  }

  async play(steps: readonly Step[]): Promise<void> {
    await this.#live();
    for (const step of steps) {
      // What has happened outside the runner before its death happens only once.
      const done = this.#begin(step);
      for (;;) {
        await this.settle();
        if (!this.#dead) break;
        await this.#live();
        if (!this.#dead && !done()) this.#begin(step, done);
      }
    }
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 12; turn++) await nextTurn();
  }

  /** The profile of a new experiment. */
  get profile(): ExperimentProfile {
    return {
      params: { ...this.#config },
      id: 'exp',
      execDuration: 0,
      logDir: '/exp',
      nextSequenceId: 0,
      revision: 0,
    };
  }

  get parameters(): string[] {
    return this.state
      .rows()
      .map(({ number, source, parameters }) => `${number} ${source} ${JSON.stringify(parameters)}`);
  }

  /** All that a search is ever told of, from the log. */
  log(): string[] {
    const past = new SearchPast(this.database, this.state, 0);
    const needs = { reports: true, history: true };
    return [...past.pages(needs)].flatMap((page) =>
      page
        .filter(({ event }) => event.kind !== 'proposed')
        .map(({ event, at }) => inWords({ ...event, seq: at.event + at.metric })),
    );
  }

  async #live(): Promise<void> {
    this.#dead = false;
    this.state = new ExperimentState('maximize');
    this.database.replayInto(this.state);
    this.stage = new Stage();
    const stored = this.database.readProfile();
    const profile = stored ?? this.profile;
    const { state, database, stage } = this;
    const clock = new ManualClock();
    const journal = new Journal(
      {
        store: (batch) => {
          if (this.#dead || this.#left === 0) {
            this.#die();
            throw new Error('killed');
          }
          this.#left--;
          return storeBatch(database, batch);
        },
        apply: (batch) => {
          for (const event of batch.events ?? []) state.applyEvent(event);
          for (const metric of batch.metrics ?? []) state.applyMetric(metric);
        },
      },
      clock,
    );
    const runs = database.runs();
    const past =
      stored &&
      readPast(
        state.rows().map((row) => ({
          row,
          record: state.record(row.id),
          stored: runs.get(row.id),
          reports: () => state.metrics(row.id, 'PERIODICAL'),
        })),
      );
    const session = await this.#createSession();
    const life = new ExperimentLifecycle({
      profile,
      journal,
      log: silentLogger,
      events: new RunnerEvents(),
      driver: new SearchDriver(session, past && new SearchPast(database, state, past.nextSetId)),
      platform: stage,
      trials: state,
      clock,
    });
    this.#life = life;
    const found = past && (await findProcesses(past.unfinished, { find: async () => undefined }));
    // A runner that dies while it starts never gets ready.
    await Promise.race([life.start(past && found && { ...past.inheritance, ...found }), this.#death()]);
    await this.settle();
    if (this.#dead) await this.#live();
  }

  #die(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.deaths++;
    this.#left = this.#gaps.shift() ?? Number.POSITIVE_INFINITY;
  }

  async #death(): Promise<void> {
    while (!this.#dead) await nextTurn();
  }

  /** Carries out a step, or what is left of it. Returns whether it has left its traces in the database. */
  #begin(step: Step, before?: () => boolean): () => boolean {
    const life = this.#life ?? assert.fail();
    switch (step.do) {
      case 'import': {
        const count = this.state.imported.length;
        const results = [{ parameters: { x: step.value, n: 1 }, value: step.value }];
        life.importData(results, [{ parameter: { x: step.value, n: 1 }, value: step.value }]);
        return before ?? (() => this.state.imported.length > count);
      }
      case 'custom': {
        const custom = () => this.state.rows().filter(({ source }) => source === 'customized').length;
        const count = custom();
        life.addTrial({ x: step.value });
        return before ?? (() => custom() > count);
      }
      case 'space': {
        const known = JSON.stringify(this.database.readProfile()?.params.searchSpace);
        const next = before ? this.#target : spaces.find((space) => JSON.stringify(space) !== known);
        this.#target = next;
        if (next) life.update({ set: { searchSpace: next } }).catch(() => undefined);
        return (
          before ?? (() => JSON.stringify(this.database.readProfile()?.params.searchSpace) === JSON.stringify(next))
        );
      }
      default:
        return this.#beginOnTrial(step, life, before);
    }
  }
  #target: SearchSpace | undefined;

  #beginOnTrial(
    step: Extract<Step, { pick: number }>,
    life: ExperimentLifecycle,
    before?: () => boolean,
  ): () => boolean {
    if (!before) {
      const numbers = this.stage.numbers.toSorted((a, b) => a - b);
      this.#number = numbers[step.pick % Math.max(1, numbers.length)];
      this.#reports = this.#rowOf(this.#number)?.intermediates ?? 0;
    }
    const number = this.#number;
    if (number === undefined || !this.stage.numbers.includes(number)) return () => true;
    const id = this.stage.idOf(number);
    if (step.do === 'report') this.stage.reportIntermediate(number, this.#reports, String(step.value));
    else if (step.do === 'fail') this.stage.end(number, undefined, 1);
    else if (step.do === 'cancel') void life.cancelTrial(id);
    else if (step.do === 'end') {
      this.stage.end(number, this.#rowOf(number)?.final === undefined ? String(step.value) : undefined);
    }
    return () => {
      const row = this.#rowOf(number);
      if (!row) return true;
      return isEnded(row.status) || (step.do === 'report' && row.intermediates > this.#reports);
    };
  }
  #number: number | undefined;
  #reports = 0;

  #rowOf(number: number | undefined) {
    return this.state.rows().find((row) => row.number === number);
  }
}

const steps = fc.array(anyStep, { minLength: 3, maxLength: 14 });
const gaps = fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 5 });

describe('a search whose runner is killed and resumed', () => {
  for (const memory of ['history', 'checkpoint', 'both'] as const) {
    it(`tells an algorithm that remembers by ${memory} each event once, and it goes on as without a break`, async () => {
      await fc.assert(
        fc.asyncProperty(steps, gaps, async (script, deaths) => {
          const play = async (kills: number[]) => {
            let witness = new Witness(memory);
            const world = new World(
              async () => {
                witness = new Witness(memory);
                return new Search({ algorithm: witness, name: 'Witness' });
              },
              {},
              kills,
            );
            await world.play(script);
            const { parameters } = world;
            const log = world.log();
            const { told } = witness;
            world.database.close();
            return { parameters, log, told };
          };
          const broken = await play(deaths);
          assert.deepEqual(broken.told, broken.log);
          assert.deepEqual(broken.parameters, (await play([])).parameters);
        }),
        { numRuns: 40 },
      );
    });
  }

  for (const tuner of [
    { name: 'Random', classArgs: { seed: 5 } },
    { name: 'GridSearch' },
    { name: 'TPE', classArgs: { seed: 5, tpe_args: { n_startup_jobs: 3 } } },
  ]) {
    it(`${tuner.name} proposes the same sets as without a break`, async () => {
      await fc.assert(
        fc.asyncProperty(steps, gaps, async (script, deaths) => {
          const play = async (kills: number[]) => {
            const config = { tuner } as Partial<ExperimentConfig>;
            const world = new World(() => createSearch(config as ExperimentConfig), config, kills);
            await world.play(script);
            world.database.close();
            return world.parameters;
          };
          assert.deepEqual(await play(deaths), await play([]));
        }),
        { numRuns: 40 },
      );
    });
  }

  it('continues what version 0.1.0 stored, and stores its own checkpoint in its place', async () => {
    const config = { tuner: { name: 'Random', classArgs: { seed: 5 } } } as Partial<ExperimentConfig>;
    const before = new RandomTuner(5);
    before.open(spaces[0] ?? {});
    const { sets } = before.ask(3, 0);
    const world = new World(() => createSearch(config as ExperimentConfig), config, []);
    const { database } = world;
    database.storeProfile({ ...world.profile, revision: 1 });
    for (const [number, { id, parameters }] of sets.entries()) {
      const trial = { trialJobId: `trial${number}`, sequenceId: number };
      const record = { parameter_id: id, parameter_source: 'algorithm', parameters, parameter_index: 0 };
      database.storeEvent({ ...trial, timestamp: 1, event: 'WAITING', data: JSON.stringify(record) });
      database.storeEvent({ ...trial, timestamp: 2, event: 'FAILED' });
    }
    database.setMeta('tunerState', before.checkpoint());
    await world.play([]);
    const after = [...sets, ...before.ask(2, 3).sets];
    assert.deepEqual(
      world.parameters,
      after.map(({ parameters }, number) => `${number} algorithm ${JSON.stringify(parameters)}`),
    );
    assert.equal(database.getMeta('tunerState'), null);
    assert.deepEqual(database.getMeta('searchCheckpoint'), {
      at: { event: 6, metric: 0 },
      state: { tuner: before.checkpoint() },
      stops: [],
    });
    database.close();
  });
});
