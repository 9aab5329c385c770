/**
 * Compares the native tuners with suggestions that version 0.1.0 recorded (test/fixtures/search/suggestions.json): with the same
 * seed and the same events they propose the same sets, without a break, resumed at any place, and resumed from what 0.1.0 stored.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import type { ExperimentConfig } from '../../../src/model/config/config.ts';
import { parseWrittenJson } from '../../../src/model/json/parseJson.ts';
import type { SearchSpace } from '../../../src/model/space/searchSpace.ts';
import type { Parameters } from '../../../src/model/trial/trial.ts';
import type { Checkpoint, SearchEvent } from '../../../src/search/algorithm.ts';
import { createSearch } from '../../../src/search/registry.ts';
import type { Search } from '../../../src/search/search.ts';

type Step =
  | { do: 'ask'; set: string | null }
  | { do: 'end'; id: number; value: number | null }
  | { do: 'custom'; parameters: string; value: number }
  | { do: 'import'; results: { parameters: string; value: number }[] }
  | { do: 'space'; space: string }
  | { do: 'resume'; state: unknown };

interface Recording {
  tuner: { name: string; classArgs?: Record<string, unknown> };
  space: string;
  steps: Step[];
}

type Resumption = 'never' | 'from a checkpoint' | 'from the state that 0.1.0 stored';

const recordings: Recording[] = JSON.parse(
  readFileSync(join(projectRoot, 'test/fixtures/search/suggestions.json'), 'utf8'),
);
const parametersOf = (text: string) => parseWrittenJson(text) as Parameters;
const spaceOf = (text: string) => parseWrittenJson(text) as SearchSpace;
const asStored = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Plays a recording; gives the texts of what was proposed, null for nothing. */
async function play({ tuner, space: first, steps }: Recording, resumption: Resumption): Promise<(string | null)[]> {
  const config = { tuner } as unknown as ExperimentConfig;
  const log: SearchEvent[] = [];
  const proposed: { text: string; parameters: Parameters }[] = [];
  const answers: (string | null)[] = [];
  let space = first;
  let checkpoint: Checkpoint | undefined;
  let search: Search = await createSearch(config);
  await search.open(spaceOf(space));
  const tell = async (event: SearchEvent) => {
    log.push(event);
    assert.deepEqual(await search.tell([event]), { stops: [] });
  };
  for (const step of steps) {
    const seq = log.length + 1;
    switch (step.do) {
      case 'ask': {
        const { sets, rest } = await search.ask(1, proposed.length);
        const [set] = sets;
        answers.push(set ? JSON.stringify(set.parameters) : null);
        if (!set) {
          assert.equal(rest, 'never');
          break;
        }
        assert.equal(set.id, proposed.length);
        checkpoint = { seq: log.length, state: asStored(await search.checkpoint()) };
        log.push({ seq, kind: 'proposed', set: set.id, trialId: `t${set.id}`, parameters: set.parameters });
        proposed.push({ text: JSON.stringify(set.parameters), parameters: set.parameters });
        break;
      }
      case 'end': {
        const { parameters, text } = proposed[step.id] ?? assert.fail();
        const final = step.value === null ? {} : { final: { value: step.value, text } };
        const status = step.value === null ? 'FAILED' : 'SUCCEEDED';
        await tell({ seq, kind: 'ended', set: step.id, trialId: `t${step.id}`, parameters, status, ...final });
        break;
      }
      case 'custom': {
        const parameters = parametersOf(step.parameters);
        const final = { value: step.value, text: String(step.value) };
        await tell({ seq, kind: 'ended', set: null, trialId: 'custom', parameters, status: 'SUCCEEDED', final });
        break;
      }
      case 'import': {
        const results = step.results.map(({ parameters, value }) => ({ parameters: parametersOf(parameters), value }));
        await tell({ seq, kind: 'imported', results });
        break;
      }
      case 'space':
        space = step.space;
        await tell({ seq, kind: 'space', space: spaceOf(space) });
        break;
      case 'resume': {
        if (resumption === 'never') break;
        await search.dispose();
        search = await createSearch(config);
        const events: SearchEvent[] = log.map((event) =>
          'parameters' in event ? { ...event, parameters: parametersOf(JSON.stringify(event.parameters)) } : event,
        );
        if (resumption === 'from a checkpoint') {
          await search.open(spaceOf(first), checkpoint);
          await search.tell(events);
        } else {
          // 0.1.0 stored no changes of the space.
          await search.open(spaceOf(space), { seq: 0, state: { tuner: step.state } });
          await search.tell(events.filter(({ kind }) => kind !== 'space'));
        }
      }
    }
  }
  await search.dispose();
  return answers;
}

describe('suggestions equal those of 0.1.0:', () => {
  for (const recording of recordings) {
    const { tuner, space, steps } = recording;
    const expected = steps.flatMap((step) => (step.do === 'ask' ? [step.set] : []));
    for (const resumption of ['never', 'from a checkpoint', 'from the state that 0.1.0 stored'] as const) {
      const names = Object.keys(spaceOf(space)).join(', ');
      it(`${tuner.name} ${JSON.stringify(tuner.classArgs ?? {})} in ${names}, resumed ${resumption}`, async () => {
        assert.deepEqual(await play(recording, resumption), expected);
      });
    }
  }
});
