import assert from 'node:assert/strict';
import { join } from 'node:path';
import { circlesOf, graphOf, importsOf, sourceFiles } from './importGraph.ts';

/** Who may import whom (src/README.md). A room may always import itself; `types` allows `import type` of vscode only. */
const allowed: Record<string, { rooms: string[]; vscode: 'no' | 'types' | 'yes' }> = {
  model: { rooms: [], vscode: 'no' },
  wire: { rooms: ['model'], vscode: 'no' },
  system: { rooms: ['model'], vscode: 'no' },
  search: { rooms: ['model'], vscode: 'no' },
  actions: { rooms: ['model'], vscode: 'no' },
  protocol: { rooms: ['model', 'actions'], vscode: 'no' },
  client: { rooms: ['model', 'wire', 'system'], vscode: 'no' },
  server: { rooms: ['model', 'wire', 'system'], vscode: 'no' },
  runner: { rooms: ['server', 'search', 'model', 'wire', 'system'], vscode: 'no' },
  manager: { rooms: ['server', 'search', 'model', 'wire', 'system'], vscode: 'no' },
  store: { rooms: ['client', 'model'], vscode: 'types' },
  cli: { rooms: ['client', 'model', 'system'], vscode: 'no' },
  // Of the client its types and errors only; see below.
  ui: { rooms: ['store', 'client', 'model', 'protocol', 'actions'], vscode: 'yes' },
  extension: { rooms: ['ui', 'store', 'client', 'model'], vscode: 'yes' },
  webview: { rooms: ['protocol', 'model', 'actions'], vscode: 'no' },
};

describe('imports between rooms', () => {
  const imports = [...sourceFiles('src'), ...sourceFiles('webview')].flatMap(importsOf);

  it('every file is in a room that this test knows', () => {
    const unknown = new Set(imports.map((entry) => entry.from).filter((room) => !(room in allowed)));
    assert.deepEqual([...unknown], []);
  });

  it('rooms import only the rooms below them', () => {
    const wrong = imports.filter(({ from, to }) => to in allowed && to !== from && !allowed[from]?.rooms.includes(to));
    assert.deepEqual(wrong, []);
  });

  it('the user interface takes types and errors of the client, and calls it through the store', () => {
    const wrong = imports.filter(
      ({ from, to, target, typeOnly }) =>
        from === 'ui' && to === 'client' && !typeOnly && target !== join('src', 'client', 'errors.ts'),
    );
    assert.deepEqual(wrong, []);
  });

  it('no files import each other in a circle, neither statically, dynamically nor for a type', () => {
    const circles = circlesOf(
      graphOf(imports.flatMap(({ file, target }) => (target ? [[file, target] as const] : []))),
    );
    assert.deepEqual(circles, []);
  });

  it('no rooms import each other in a circle', () => {
    const between = imports.filter(({ from, to, target }) => target !== undefined && from !== to);
    assert.deepEqual(circlesOf(graphOf(between.map(({ from, to }) => [from, to] as const))), []);
  });

  it('the check finds a circle', () => {
    const edges = graphOf([
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'b'],
      ['c', 'd'],
    ]);
    assert.deepEqual(circlesOf(edges), [['b', 'c']]);
  });

  it('vscode is imported by the extension and its user interface only', () => {
    const wrong = imports.filter(({ from, to, typeOnly }) => {
      if (to !== 'vscode') return false;
      const rule = allowed[from]?.vscode ?? 'no';
      return rule === 'no' || (rule === 'types' && !typeOnly);
    });
    assert.deepEqual(wrong, []);
  });
});
