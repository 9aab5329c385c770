import assert from 'node:assert/strict';
import fc from 'fast-check';
import { algorithmNames, algorithms } from '../../../src/model/config/algorithms.ts';
import { configFields } from '../../../src/model/config/configFields.ts';
import { descriptionAt, placeAt, suggestionsAt } from '../../../src/model/config/configOutline.ts';
import { configSchema } from '../../../src/model/config/configSchema.ts';
import { searchSpaceTypes } from '../../../src/model/space/searchSpace.ts';
import { plain } from './reading.ts';

/** What is offered where `|` stands in the text. */
function offered(text: string): string[] {
  const before = text.slice(0, text.indexOf('|')).split('\n');
  const lines = text.replace('|', '').split('\n');
  const place = placeAt(lines, before.length - 1, (before.at(-1) ?? '').length);
  return place ? suggestionsAt(place, lines).map((suggestion) => suggestion.text) : [];
}

/** What is said about the key where `|` stands. */
function described(text: string): string | undefined {
  const before = text.slice(0, text.indexOf('|')).split('\n');
  const lines = text.replace('|', '').split('\n');
  const place = placeAt(lines, before.length - 1, (before.at(-1) ?? '').length);
  return place && descriptionAt(place, lines)?.text;
}

describe('what may be written at a place of a config', () => {
  it('is every field at the top, but those that are there', () => {
    assert.deepEqual(offered('|'), Object.keys(configFields));
    const rest = offered('trial_command: x\nTUNER:\n  name: TPE\n|');
    assert.deepEqual(
      Object.keys(configFields).filter((name) => !rest.includes(name)),
      ['trialCommand', 'tuner'],
    );
    assert.ok(offered('tri|\ntuner:\n').includes('trialCommand'));
  });

  const cases: [string, string, string[]][] = [
    ['values of a field', 'logLevel: |', ['fatal', 'error', 'warning', 'info', 'debug', 'trace']],
    ['true and false', 'debug: |', ['true', 'false']],
    ['keys of a tuner', 'tuner:\n  |', ['name', 'className', 'codeDirectory', 'classArgs']],
    ['names of tuners', 'tuner:\n  name: |', algorithmNames('tuner')],
    ['names of assessors', 'assessor:\n  name: M|', algorithmNames('assessor')],
    ['arguments of the named tuner', 'tuner:\n  name: tpe\n  classArgs:\n    |', ['optimize_mode', 'seed', 'tpe_args']],
    ['arguments named before the tuner is', 'tuner:\n  classArgs:\n    |\n  name: Random\n', ['optimize_mode', 'seed']],
    ['values of an argument', 'tuner:\n  name: TPE\n  classArgs:\n    optimize_mode: |', ['maximize', 'minimize']],
    [
      'arguments of an argument',
      'tuner:\n  name: TPE\n  classArgs:\n    tpe_args:\n      |',
      Object.keys(algorithms.TPE?.arguments.tpe_args?.fields ?? {}),
    ],
    ['nothing for a tuner nobody knows', 'tuner:\n  name: Oracle\n  classArgs:\n    |', []],
    [
      'platforms',
      'trainingService:\n  platform: lo|',
      ['local', 'remote', 'openpai', 'aml', 'kubeflow', 'frameworkcontroller', 'dlc'],
    ],
    ['keys of a parameter', 'searchSpace:\n  x:\n    |', ['_type', '_value']],
    ['types of a parameter', 'searchSpace:\n  x:\n    _type: |', [...searchSpaceTypes]],
    ['nothing for names of parameters', 'searchSpace:\n  |', []],
    ['nothing in a comment', 'debug: true # |', []],
    ['nothing in a field that is plain text', 'experimentName: |', []],
  ];
  for (const [name, text, expected] of cases) it(name, () => assert.deepEqual(offered(text), expected));

  it('is explained, however the key is written', () => {
    assert.equal(described('max_trial|_number: 3'), 'maxTrialNumber');
    assert.equal(described('tuner:\n  name: TPE\n  classArgs:\n    see|d: 3'), 'seed');
    assert.equal(described('colo|ur: red'), undefined);
  });

  it('is told at any place of any text without an exception', () => {
    const line = fc.oneof(fc.constantFrom(...plain.split('\n'), '  - a: 1', '\t', '"name": x', '# c'), fc.string());
    fc.assert(
      fc.property(fc.array(line), fc.nat({ max: 20 }), fc.nat({ max: 60 }), (lines, at, column) => {
        const place = placeAt(lines, at, column);
        if (!place) return;
        for (const { text } of suggestionsAt(place, lines)) assert.ok(text.length > 0);
        descriptionAt(place, lines);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the schema for editors', () => {
  it('knows every field, algorithm, argument and type, and every reference leads somewhere', () => {
    const text = JSON.stringify(configSchema());
    const { arguments: args } = algorithms.TPE ?? assert.fail();
    for (const word of [
      ...Object.keys(configFields),
      ...Object.keys(algorithms),
      ...searchSpaceTypes,
      ...Object.keys(args),
    ]) {
      assert.ok(text.includes(`"${word}"`), word);
    }
    const { definitions } = configSchema() as { definitions: Record<string, unknown> };
    const references = [...text.matchAll(/#\/definitions\/(\w+)/g)].map((match) => match[1] ?? '');
    assert.deepEqual(
      [...new Set(references)].filter((name) => !(name in definitions)),
      [],
    );
  });

  it('refuses nothing: what is wrong is told by the config reader, once', () => {
    // Among these, `if` needs `required`, which only chooses what is offered.
    const text = JSON.stringify(configSchema()).replaceAll('"required":["name"]},"then"', '"then"');
    for (const keyword of ['"enum"', '"required"', '"type"', '"additionalProperties":false', '"minimum"']) {
      assert.ok(!text.includes(keyword), keyword);
    }
  });
});
