import assert from 'node:assert/strict';
import { importsOf, roomOf, sourceFiles } from './importGraph.ts';

/** Files of `model/` that the page may not reach: they need Node, or bring the YAML parser into it. */
describe("the page's imports of model/", () => {
  const imports = new Map(
    [...sourceFiles('src/model'), ...sourceFiles('webview')].map((file) => [file, importsOf(file)]),
  );

  it('reaches no Node module and no YAML parser, directly or through other files', () => {
    const reached = new Set<string>();
    const wrong: string[] = [];
    const visit = (file: string): void => {
      for (const { target, to, typeOnly } of imports.get(file) ?? []) {
        if (typeOnly) continue;
        if (target === undefined) {
          if (roomOf(file) === 'model') wrong.push(`${file} imports ${to}`);
        } else if (roomOf(target) === 'model' && !reached.has(target)) {
          reached.add(target);
          visit(target);
        }
      }
    };
    for (const file of sourceFiles('webview')) visit(file);
    assert.ok(reached.size > 5, 'the page uses the model');
    assert.deepEqual(wrong, []);
  });
});
