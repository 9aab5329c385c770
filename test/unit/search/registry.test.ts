/** Every algorithm of the registry that is said to be native can be made, and only those. */
import assert from 'node:assert/strict';
import { algorithms } from '../../../src/model/config/algorithms.ts';
import type { ExperimentConfig } from '../../../src/model/config/config.ts';
import { embeddedSupport } from '../../../src/model/config/embeddedSupport.ts';
import { createSearch } from '../../../src/search/registry.ts';

const space = { x: { _type: 'uniform', _value: [0, 1] } } as const;
const config = (algorithm: Partial<ExperimentConfig>) =>
  ({
    experimentType: 'hpo',
    searchSpace: space,
    tuner: { name: 'Random' },
    trainingService: { platform: 'local' },
    ...algorithm,
  }) as unknown as ExperimentConfig;

describe('the registry of algorithms', () => {
  for (const [name, { kind, native }] of Object.entries(algorithms)) {
    if (native !== undefined) {
      it(`makes the native ${kind} ${name}, which begins a search`, async () => {
        const search = await createSearch(config({ [kind]: { name } }));
        await search.open(space);
        const { sets } = await search.ask(1, 0);
        assert.equal(sets.length, 1);
        await search.dispose();
        assert.deepEqual(embeddedSupport(config({ [kind]: { name } })), { supported: true, search: 'native' });
      });
    } else {
      it(`does not make the ${kind} ${name}, which only NNI has`, async () => {
        await assert.rejects(createSearch(config({ [kind]: { name } })), {
          message: `The ${kind} ${name} does not run here.`,
        });
        const support = embeddedSupport(config({ [kind]: { name } }));
        assert.equal(support.supported, false);
        assert.deepEqual(support.supported ? undefined : support.path, [kind]);
        assert.deepEqual(embeddedSupport(config({ [kind]: { name } }), { hosted: new Set([name]) }), {
          supported: true,
          search: 'hosted',
        });
      });
    }
  }
});
