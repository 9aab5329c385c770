/** What Python would see in a search space, on its way from a file into the config that is sent and stored. */
import assert from 'node:assert/strict';
import { parseConfig } from '../../../src/model/config/config.ts';
import { readConfigObject } from '../../../src/model/config/readConfig.ts';
import { parseWrittenJson } from '../../../src/model/json/parseJson.ts';

import { readSearchSpace } from '../../../src/model/space/readSearchSpace.ts';
import { configOf, ioOf, plain, plainWith } from './reading.ts';

/** The options of the choice `x`, as text. */
async function optionsOf(text: string, files = {}): Promise<string> {
  const { searchSpace } = await configOf(text, files);
  return JSON.stringify(searchSpace.x?._value);
}
const choice = (options: string) =>
  plainWith('{ _type: uniform, _value: [0, 1] }', `{ _type: choice, _value: ${options} }`);

describe('numbers of a search space', () => {
  it('stay as YAML has them', async () => {
    for (const [yaml, expected] of [
      ['[0.5, 1.0, 1]', '[0.5,1.0,1]'],
      ['[1., +2.0, -0.0, -3]', '[1.0,2.0,-0.0,-3]'],
      // PyYAML reads these two as text, because they lack a dot and a sign; people mean numbers.
      ['[1e3, 1.0e3, 1.0e+3]', '[1000.0,1000.0,1000.0]'],
      ['[1e22, 12345678901234567890, +9007199254740993]', '[1e+22,12345678901234567890,9007199254740993]'],
      ['[0x1F, "1.0"]', '[31,"1.0"]'],
      ['[[1.0, 2], { a: 3.0, 4.0: b }]', '[[1.0,2],{"4":"b","a":3.0}]'],
    ]) {
      assert.equal(await optionsOf(choice(yaml ?? '')), expected, yaml);
    }
  });

  it('stay in nested choices, through anchors, aliases and merged keys', async () => {
    const nested = '[{ _name: a, k: { _type: choice, _value: [1.0, 2] } }, { _name: b }]';
    assert.equal(
      await optionsOf(choice(nested)),
      '[{"_name":"a","k":{"_type":"choice","_value":[1.0,2]}},{"_name":"b"}]',
    );
    assert.equal(
      await optionsOf(choice('[&a 1.0, *a, &m { k: 2.0 }, { <<: *m, l: 3 }]')),
      '[1.0,1.0,{"k":2.0},{"k":2.0,"l":3}]',
    );
  });

  it('stay as a file of its own has them, JSON or YAML', async () => {
    const own = plain.replace(/searchSpace:\n.*\n/, 'searchSpaceFile: space.json\n');
    const json = '{ "x": { "_type": "choice", "_value": [1.0, 1, 1e3] } }';
    assert.equal(await optionsOf(own, { '/project/space.json': json }), '[1.0,1,1000.0]');
    const yaml = readSearchSpace({ text: 'x:\n  _type: choice\n  _value:\n  - 1.0\n  - 1\n', file: 'space.yml' });
    assert.equal(JSON.stringify(yaml.space), '{"x":{"_type":"choice","_value":[1.0,1]}}');
  });

  it('stay in a config that comes as a value, and on its way to the runner and the database', async () => {
    const sent = {
      trialCommand: 'true',
      trialConcurrency: 2,
      tuner: { name: 'TPE' },
      trainingService: { platform: 'local' },
    };
    const searchSpace = parseWrittenJson('{ "x": { "_type": "choice", "_value": [1.0, 1] } }');
    const { config, problems } = await readConfigObject({ ...sent, searchSpace }, '/project', ioOf({}));
    assert.deepEqual(problems, []);
    const text = JSON.stringify(config);
    assert.match(text, /"_value":\[1\.0,1\]/);
    assert.equal(JSON.stringify(parseConfig(text)), text);
  });

  it('are plain outside of the search space', async () => {
    const config = await configOf(plainWith('trialConcurrency: 2', 'trialConcurrency: 2.0'));
    assert.equal(config.trialConcurrency, 2);
    const parsed = parseConfig('{"trialConcurrency":2.0,"tuner":{"classArgs":{"seed":1.0}},"searchSpace":{}}');
    assert.deepEqual(parsed, { trialConcurrency: 2, tuner: { classArgs: { seed: 1 } }, searchSpace: {} });
    assert.deepEqual(parseConfig('{"authorName":"me"}'), { authorName: 'me' });
  });

  it('are checked as the numbers they are', () => {
    const { problems } = readSearchSpace({
      text: '{ "x": { "_type": "uniform", "_value": [2.0, 1.0] } }',
      file: 'space.json',
    });
    assert.match(problems[0]?.message ?? '', /low end 2 is above the high end 1/);
  });
});
