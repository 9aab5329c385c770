/** The keys that a config may have at a place. */
import { searchSpaceFields } from '../space/searchSpace.ts';
import { type AlgorithmRule, algorithmNames, algorithms, findAlgorithm } from './algorithms.ts';
import { algorithmFields, configFields } from './configFields.ts';
import { type Field, type Fields, fieldNamed } from './field.ts';
import { serviceFields } from './platforms/registry.ts';

/** Gives the text of a value in the config by its path; undefined where it has none. */
export type ReadText = (path: readonly string[]) => string | undefined;

/**
 * The fields of the map at `path`; undefined where any key may stand, or none.
 *
 * @param path keys as they are written; positions in lists do not count
 * @param read reads other values of the config: a tuner's name decides its arguments
 */
export function fieldsAt(path: readonly string[], read: ReadText): Fields | undefined {
  const [first, ...rest] = path;
  if (first === undefined) return configFields;
  const field = configFields[fieldNamed(first, configFields) ?? ''];
  switch (field?.type) {
    case 'algorithm':
      return fieldsBelow(algorithmFieldsOf(fieldNamed(first, configFields) ?? '', read([first, 'name'])), rest);
    case 'service':
      return fieldsBelow(serviceFields(read([first, 'platform'])), rest);
    case 'searchSpace':
      // `x`, and `x` `_value` `y` of a nested choice, lead to a parameter.
      return rest.length % 2 === 1 && rest.every((key, index) => index % 2 === 0 || key === '_value')
        ? searchSpaceFields
        : undefined;
    default:
      return field?.fields && fieldsBelow(field.fields, rest);
  }
}

function fieldsBelow(fields: Fields, path: readonly string[]): Fields | undefined {
  let at: Fields | undefined = fields;
  for (const key of path) at = at?.[fieldNamed(key, at) ?? '']?.fields;
  return at;
}

/** Fields of a tuner, an advisor or an assessor. */
function algorithmFieldsOf(owner: string, name: string | undefined): Fields {
  const kind: AlgorithmRule['kind'] = owner === 'assessor' ? 'assessor' : 'tuner';
  const rule = name === undefined ? undefined : findAlgorithm(name, kind)?.rule;
  return {
    ...algorithmFields,
    name: algorithmNameField(kind),
    classArgs: { ...classArgsField, ...(rule ? { fields: rule.arguments } : {}) },
  };
}

const classArgsField: Field = algorithmFields.classArgs ?? { type: 'object' };

/** The field `name` with all algorithms of a kind as its values. */
export function algorithmNameField(kind: AlgorithmRule['kind']): Field {
  const names = algorithmNames(kind);
  const valueDescriptions = Object.fromEntries(names.map((name) => [name, algorithms[name]?.description ?? '']));
  return { type: 'string', ...algorithmFields.name, values: names, valueDescriptions };
}
