/** A search as the runner runs it: a tuner, with an assessor where the config has one. */
import assert from 'node:assert/strict';
import type {
  Answer,
  Assessor,
  Checkpoint,
  Needs,
  SearchAlgorithm,
  SearchEvent,
} from '../../../src/search/algorithm.ts';
import { Search } from '../../../src/search/search.ts';
import { changedSpace } from './drawing.ts';

const space = { x: { _type: 'uniform', _value: [0, 1] } } as const;
const report = { value: 0.5, text: '0.5' };
const reported = (seq: number): SearchEvent => ({ seq, kind: 'reported', set: 0, trialId: 'a', step: 0, report });
const proposed = (seq: number): SearchEvent => ({ seq, kind: 'proposed', set: 0, trialId: 'a', parameters: {} });
const imported = (seq: number): SearchEvent => ({ seq, kind: 'imported', results: [] });

/** An algorithm that remembers everything it gets. */
class Listener implements SearchAlgorithm {
  readonly needs: Needs;
  told: string[] = [];
  from: Checkpoint | undefined;
  constructor(needs: Needs = {}) {
    this.needs = needs;
  }
  open(_space: object, from?: Checkpoint): void {
    this.from = from;
  }
  ask(count: number, firstId: number): Answer {
    return { sets: Array.from({ length: count }, (_, i) => ({ id: firstId + i, parameters: {} })), rest: 'later' };
  }
  tell({ kind, seq }: SearchEvent): undefined {
    this.told.push(`${kind} ${seq}`);
  }
  checkpoint(): unknown {
    return { told: this.told.length };
  }
}

const searchOf = (tuner: SearchAlgorithm, assessor?: Assessor) =>
  new Search({ algorithm: tuner, name: 'Listening' }, assessor && { algorithm: assessor, name: 'Watching' });

describe('a search', () => {
  it('gives each algorithm what it needs: reports, its history, or what came after its checkpoint', async () => {
    const tuner = new Listener({ history: true });
    const assessor = new Listener({ reports: true });
    const search = searchOf(tuner, assessor);
    assert.deepEqual(search.needs, { reports: true, history: true, thread: false });
    await search.open(space, { seq: 2, state: { tuner: 'T', assessor: 'A' } });
    assert.deepEqual(tuner.from, { seq: 2, state: 'T' });
    assert.deepEqual(assessor.from, { seq: 2, state: 'A' });
    await search.tell([proposed(1), reported(2), proposed(3), reported(4), imported(5)]);
    assert.deepEqual(tuner.told, ['proposed 1', 'proposed 3', 'imported 5']);
    assert.deepEqual(assessor.told, ['reported 4', 'imported 5']);
    assert.deepEqual(await search.checkpoint(), { tuner: { told: 3 }, assessor: { told: 2 } });
  });

  it('gives an algorithm without a checkpoint everything that happened', async () => {
    const { tell } = new Listener();
    const told: string[] = [];
    const search = searchOf({
      told,
      tell,
      open: () => undefined,
      ask: () => ({ sets: [], rest: 'never' }),
    } as SearchAlgorithm);
    assert.equal(search.needs.history, true);
    await search.open(space, { seq: 2, state: {} });
    await search.tell([proposed(1), imported(2), imported(3)]);
    assert.deepEqual(told, ['proposed 1', 'imported 2', 'imported 3']);
    assert.equal(await search.checkpoint(), undefined);
  });

  it('stops the trials that either algorithm names', async () => {
    const [tuner, assessor] = [new Listener({ reports: true }), new Listener({ reports: true })];
    const stop = (reason: string) => ({ trialId: 'a', reason });
    Object.assign(tuner, { tell: () => [stop('poor')] });
    Object.assign(assessor, { tell: () => [stop('poorer')] });
    assert.deepEqual(await searchOf(tuner, assessor).tell([reported(1)]), { stops: [stop('poor'), stop('poorer')] });
  });

  it('names the algorithm that failed, and its step', async () => {
    const broken = () => {
      throw new Error('boom');
    };
    const tuner = Object.assign(new Listener(), { ask: broken, checkpoint: broken });
    const assessor = Object.assign(new Listener(), { tell: broken, open: broken });
    const search = searchOf(tuner, assessor);
    await assert.rejects(search.open(space), { message: 'The assessor Watching could not start: boom' });
    await assert.rejects(search.ask(1, 0), { message: 'The tuner Listening could not generate parameters: boom' });
    await assert.rejects(search.tell([imported(1)]), { message: 'The assessor Watching could not import data: boom' });
    await assert.rejects(search.checkpoint(), { message: 'The tuner Listening could not say where it is: boom' });
    assert.deepEqual(await search.tell([changedSpace(space)]), { stops: [], refused: 'boom' });
  });

  for (const [answer, message] of [
    [undefined, 'it gave undefined in place of an answer'],
    [{ sets: [{ id: 0, parameters: [1] }], rest: 'later' }, 'it gave [1] in place of parameters'],
    [{ sets: [{ parameters: {} }], rest: 'later' }, 'it gave a set with undefined in place of an id'],
  ] as const) {
    it(`refuses the answer ${JSON.stringify(answer)}`, async () => {
      const tuner = Object.assign(new Listener(), { ask: () => answer });
      await assert.rejects(searchOf(tuner).ask(1, 0), {
        message: `The tuner Listening could not generate parameters: ${message}`,
      });
    });
  }
});
