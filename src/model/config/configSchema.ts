/**
 * NNI's config as a JSON schema, for completion and hovers in editors. The schema describes and refuses nothing: `readConfig.ts` reports
 * each fault once, and in better words.
 */

import { defined } from '../json/defined.ts';
import { searchSpaceFields } from '../space/searchSpace.ts';
import { algorithmNames, algorithms } from './algorithms.ts';
import { algorithmFields, configFields } from './configFields.ts';
import type { Field, Fields } from './field.ts';
import { algorithmNameField } from './knownFields.ts';
import { serviceFields } from './platforms/registry.ts';

type Schema = Record<string, unknown>;

/** Draft 7. */
export function configSchema(): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'NNI experiment config',
    description:
      'A hyper-parameter search: the trial command, the search space, and the tuner that picks the parameters.',
    properties: properties(configFields),
    definitions: {
      tuner: algorithm('tuner'),
      assessor: algorithm('assessor'),
      trainingService: { properties: properties(serviceFields()) },
      searchSpace: { additionalProperties: parameterSchema },
    },
  };
}

/** A search space file as a JSON schema (draft 7). Nothing else checks such a file, so this schema refuses faults. */
export function searchSpaceSchema(): Schema {
  const { _type, _value } = searchSpaceFields;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'NNI search space',
    description: 'Names of parameters and how their values are drawn.',
    type: 'object',
    additionalProperties: {
      ...parameterSchema,
      type: 'object',
      properties: {
        _type: {
          type: 'string',
          description: _type.description,
          enum: _type.values,
          enumDescriptions: Object.values(_type.valueDescriptions),
        },
        _value: { type: 'array', description: _value.description },
      },
      required: Object.keys(searchSpaceFields),
    },
  };
}

const parameterSchema: Schema = {
  description: 'One parameter: its distribution and the distribution’s arguments.',
  properties: properties(searchSpaceFields),
  defaultSnippets: [
    { label: 'choice', body: { _type: 'choice', _value: ['$1'] } },
    { label: 'uniform', body: { _type: 'uniform', _value: ['^$1', '^$2'] } },
    { label: 'loguniform', body: { _type: 'loguniform', _value: ['^$1', '^$2'] } },
  ],
};

function properties(fields: Fields): Schema {
  return Object.fromEntries(Object.entries(fields).map(([name, rule]) => [name, schemaOf(name, rule)]));
}

function schemaOf(name: string, field: Field): Schema {
  const { description, type, fields } = field;
  const words = defined({ description });
  const reference = (definition: string) => ({ ...words, allOf: [{ $ref: `#/definitions/${definition}` }] });
  if (type === 'algorithm') return reference(name === 'assessor' ? 'assessor' : 'tuner');
  if (type === 'service') return reference('trainingService');
  if (type === 'searchSpace') return reference('searchSpace');
  const examples = field.values ?? (type === 'boolean' ? [true, false] : undefined);
  return {
    ...words,
    ...(examples ? { examples } : {}),
    ...defined({ default: field.default }),
    ...(fields ? { properties: properties(fields) } : {}),
  };
}

function algorithm(kind: 'tuner' | 'assessor'): Schema {
  const names = algorithmNames(kind);
  return {
    properties: { ...properties(algorithmFields), name: schemaOf('name', algorithmNameField(kind)) },
    allOf: names.map((name) => ({
      if: { properties: { name: { const: name } }, required: ['name'] },
      // biome-ignore lint/suspicious/noThenProperty: the schema's own keyword
      then: {
        description: algorithms[name]?.description,
        properties: { classArgs: { properties: properties(algorithms[name]?.arguments ?? {}) } },
      },
    })),
  };
}
