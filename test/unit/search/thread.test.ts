/** A search in a thread: the same answers, and a runner that goes on meanwhile. */
import assert from 'node:assert/strict';
import type { ExperimentConfig } from '../../../src/model/config/config.ts';
import { asFloat } from '../../../src/model/json/writtenNumber.ts';
import type { SearchSpace } from '../../../src/model/space/searchSpace.ts';
import { openSearch, SearchThread } from '../../../src/runner/drivers/searchThread.ts';
import type { SearchEvent } from '../../../src/search/algorithm.ts';
import { createSearch } from '../../../src/search/registry.ts';
import type { SearchSession } from '../../../src/search/search.ts';

const space: SearchSpace = {
  lr: { _type: 'loguniform', _value: [1e-5, 1] },
  width: { _type: 'quniform', _value: [8, 64, 8] },
  scale: { _type: 'choice', _value: [asFloat(1), 2, 'auto'] },
};
const config = (name: string) => ({ tuner: { name, classArgs: { seed: 3 } } }) as unknown as ExperimentConfig;

/** What a search proposes and stores, as text: how numbers are written counts. */
async function play(search: SearchSession): Promise<string> {
  const said: unknown[] = [];
  await search.open(space);
  for (let id = 0; id < 30; id++) {
    const answer = await search.ask(1, id);
    const [set] = answer.sets;
    said.push(answer, await search.checkpoint());
    if (!set) break;
    const event: SearchEvent = {
      seq: id,
      kind: 'ended',
      set: set.id,
      trialId: `t${id}`,
      parameters: set.parameters,
      status: 'SUCCEEDED',
      final: { value: id % 7, text: String(id % 7) },
    };
    said.push(await search.tell([event]));
  }
  await search.dispose();
  return JSON.stringify(said);
}

describe('a search in a thread', () => {
  it('gives the same answers as without one, with numbers as they are written', async () => {
    const threaded = await openSearch(config('TPE'));
    assert.ok(threaded instanceof SearchThread);
    assert.equal(await play(threaded), await play(await createSearch(config('TPE'))));
  });

  it('is used only for algorithms that compute', async () => {
    const search = await openSearch(config('Random'));
    assert.ok(!(search instanceof SearchThread));
    await search.dispose();
  });

  it('names the failure of its algorithm, and the end of its thread', async () => {
    const search = await openSearch(config('TPE'));
    const broken = { x: { _type: 'choice' } } as unknown as SearchSpace;
    await assert.rejects(search.open(broken), /^Error: The tuner TPE could not start: /);
    const asked = search.ask(1, 0);
    await search.dispose();
    await assert.rejects(asked, /The thread of the search has ended/);
    await assert.rejects(search.ask(1, 0), /The thread of the search has ended/);
  });
});
