import assert from 'node:assert/strict';
import fc from 'fast-check';
import { algorithmNames, algorithms } from '../../../src/model/config/algorithms.ts';
import { configFields } from '../../../src/model/config/configFields.ts';
import { descriptionAt, placeAt, suggestionsAt } from '../../../src/model/config/configPlace.ts';
import { configSchema, searchSpaceSchema } from '../../../src/model/config/configSchema.ts';
import { searchSpaceTypes } from '../../../src/model/space/searchSpace.ts';
import { plain } from './reading.ts';

/** What is offered where `|` stands in the text. */
function offered(text: string): string[] {
  const place = placeAt(text.replace('|', ''), text.indexOf('|'));
  return place ? suggestionsAt(place).map((suggestion) => suggestion.text) : [];
}

/** What is said about the key where `|` stands. */
function described(text: string): string | undefined {
  const place = placeAt(text.replace('|', ''), text.indexOf('|'));
  return place && descriptionAt(place)?.text;
}

describe('the suggestions at a place of a config', () => {
  it('are all fields at the top, except those already there', () => {
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
    ['types in a flow map', 'searchSpace:\n  lr: { _type: |', [...searchSpaceTypes]],
    ['types in a closed flow map', 'searchSpace: { lr: { _type: |, _value: [1, 2] } }', [...searchSpaceTypes]],
    ['the rest of the keys in a flow map', 'searchSpace:\n  lr: { _type: choice, | }', ['_value']],
    [
      'values of an argument in a flow map',
      'tuner: { name: TPE, classArgs: { optimize_mode: | } }',
      ['maximize', 'minimize'],
    ],
    [
      'values of an argument in a flow map of a block',
      'tuner:\n  name: TPE\n  classArgs: { optimize_mode: m| }\n',
      ['maximize', 'minimize'],
    ],
    [
      'keys of a flow map over several lines',
      'tuner: {\n  name: TPE,\n  cla|\n}',
      ['className', 'codeDirectory', 'classArgs'],
    ],
    [
      'types of a parameter in a nested choice',
      'searchSpace:\n  x:\n    _type: choice\n    _value:\n      - _name: a\n        y: { _type: | }',
      [...searchSpaceTypes],
    ],
    [
      'values in JSON',
      '{ "tuner": { "name": "TPE", "classArgs": { "optimize_mode": "|" } } }',
      ['maximize', 'minimize'],
    ],
    ['nothing among the options of a choice', 'searchSpace:\n  x: { _type: choice, _value: [|] }', []],
    ['nothing within a text of several lines', 'experimentName: a\n  |', []],
  ];
  for (const [name, text, expected] of cases) it(name, () => assert.deepEqual(offered(text), expected));

  it('come with the explanation of a key, however it is written', () => {
    assert.equal(described('max_trial|_number: 3'), 'maxTrialNumber');
    assert.equal(described('tuner:\n  name: TPE\n  classArgs:\n    see|d: 3'), 'seed');
    assert.equal(described('colo|ur: red'), undefined);
  });

  it('never throw, at any place of any text', () => {
    const line = fc.oneof(fc.constantFrom(...plain.split('\n'), '  - a: 1', '\t', '"name": x', '# c'), fc.string());
    fc.assert(
      fc.property(fc.array(line), fc.nat({ max: 300 }), (lines, at) => {
        const text = lines.join('\n');
        const place = placeAt(text, Math.min(at, text.length));
        if (!place) return;
        for (const { text } of suggestionsAt(place)) assert.ok(text.length > 0);
        descriptionAt(place);
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

  it('describes a search space file, each type with the form of its arguments', () => {
    const { additionalProperties } = searchSpaceSchema() as {
      additionalProperties: {
        properties: { _type: { enum: string[]; enumDescriptions: string[] } };
        required: string[];
      };
    };
    const { _type } = additionalProperties.properties;
    assert.deepEqual(_type.enum, [...searchSpaceTypes]);
    assert.match(_type.enumDescriptions[_type.enum.indexOf('quniform')] ?? '', /^\[low, high, q\]: /);
    assert.deepEqual(additionalProperties.required, ['_type', '_value']);
  });

  it('refuses nothing: only the config reader reports faults', () => {
    // Among these, `if` needs `required`, which only chooses what is offered.
    const text = JSON.stringify(configSchema()).replaceAll('"required":["name"]},"then"', '"then"');
    for (const keyword of ['"enum"', '"required"', '"type"', '"additionalProperties":false', '"minimum"']) {
      assert.ok(!text.includes(keyword), keyword);
    }
  });
});
