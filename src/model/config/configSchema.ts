/**
 * NNI's config as a JSON schema, for completion and hovers of editors that read one. It describes and refuses nothing: what is
 * wrong is told by `readConfig.ts`, in better words and once.
 */

import { searchSpaceTypes } from '../space/searchSpace.ts';
import { type ArgumentRule, algorithmNames, algorithms } from './algorithms.ts';
import { algorithmFields, configFields } from './configFields.ts';
import type { FieldRule } from './fieldRule.ts';
import { serviceFields } from './platforms/registry.ts';

type Schema = Record<string, unknown>;

/** Draft 7. */
export function configSchema(): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'NNI experiment config',
    description: 'A hyper-parameter search: what a trial runs, what is searched, and who picks the parameters.',
    properties: properties(configFields),
    definitions: {
      tuner: algorithm('tuner'),
      assessor: algorithm('assessor'),
      trainingService: { properties: properties(serviceFields()) },
      searchSpace: {
        additionalProperties: {
          description: 'One parameter: its distribution and the distribution’s arguments.',
          properties: {
            _type: { description: 'How values are drawn.', examples: [...searchSpaceTypes] },
            _value: { description: 'The distribution’s arguments, or the values to choose from.' },
          },
          defaultSnippets: [
            { label: 'choice', body: { _type: 'choice', _value: ['$1'] } },
            { label: 'uniform', body: { _type: 'uniform', _value: ['^$1', '^$2'] } },
            { label: 'loguniform', body: { _type: 'loguniform', _value: ['^$1', '^$2'] } },
          ],
        },
      },
    },
  };
}

function properties(fields: Readonly<Record<string, FieldRule>>): Schema {
  return Object.fromEntries(Object.entries(fields).map(([name, rule]) => [name, field(name, rule)]));
}

function field(name: string, rule: FieldRule): Schema {
  const { description } = rule;
  const reference = (definition: string) => ({ description, allOf: [{ $ref: `#/definitions/${definition}` }] });
  if (rule.type === 'algorithm') return reference(name === 'assessor' ? 'assessor' : 'tuner');
  if (rule.type === 'service') return reference('trainingService');
  if (rule.type === 'searchSpace') return reference('searchSpace');
  const values = rule.values ?? (rule.type === 'boolean' ? [true, false] : undefined);
  return {
    description,
    ...(values ? { examples: values } : {}),
    ...(rule.default === undefined ? {} : { default: rule.default }),
  };
}

function algorithm(kind: 'tuner' | 'assessor'): Schema {
  const names = algorithmNames(kind);
  const known = properties(algorithmFields);
  return {
    properties: { ...known, name: { description: algorithmFields.name?.description, examples: names } },
    allOf: names.map((name) => ({
      if: { properties: { name: { const: name } }, required: ['name'] },
      // biome-ignore lint/suspicious/noThenProperty: the schema's own keyword
      then: {
        description: algorithms[name]?.description,
        properties: { classArgs: { properties: argumentProperties(algorithms[name]?.arguments ?? {}) } },
      },
    })),
  };
}

function argumentProperties(rules: Readonly<Record<string, ArgumentRule>>): Schema {
  return Object.fromEntries(
    Object.entries(rules).map(([name, { description, values, type, fields }]) => {
      const examples = values ?? (type === 'boolean' ? [true, false] : undefined);
      return [
        name,
        {
          ...(description === undefined ? {} : { description }),
          ...(examples ? { examples } : {}),
          ...(fields ? { properties: argumentProperties(fields) } : {}),
        },
      ];
    }),
  );
}
