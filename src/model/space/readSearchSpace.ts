/** A search space in a file of its own. */
import type { ConfigProblem } from '../config/config.ts';
import { ConfigSource } from '../config/configSource.ts';
import type { SearchSpace } from './searchSpace.ts';
import { validateSearchSpace } from './validateSearchSpace.ts';

/** Reads JSON or YAML. Never throws: `space` is present when the text could be parsed, and right when no problem is an error. */
export function readSearchSpace(input: { text: string; file: string }): {
  space?: SearchSpace;
  problems: ConfigProblem[];
} {
  const source = new ConfigSource(input.text, input.file);
  if (source.syntaxProblems.length > 0) return { problems: source.syntaxProblems };
  const problems = validateSearchSpace(source.value).map(({ message, path, ...more }) =>
    source.problem('bad-space', message, path, more),
  );
  return { space: source.written([]) as SearchSpace, problems };
}
