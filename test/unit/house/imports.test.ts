import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';

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
  store: { rooms: ['client', 'model', 'wire'], vscode: 'types' },
  cli: { rooms: ['client', 'model', 'system'], vscode: 'no' },
  // The client's types and errors reach the commands through the store, which hands out its objects.
  ui: { rooms: ['store', 'client', 'model', 'wire', 'protocol', 'actions'], vscode: 'yes' },
  extension: { rooms: ['ui', 'store', 'client', 'model'], vscode: 'yes' },
  webview: { rooms: ['protocol', 'model', 'actions'], vscode: 'no' },
};

interface Import {
  file: string;
  from: string;
  to: string;
  typeOnly: boolean;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(folder, file));
}

/** `src/ui/panel/x.ts` → `ui`, `src/cli.ts` → `cli`, `webview/main.tsx` → `webview`. */
function roomOf(file: string): string {
  const parts = file.split(sep);
  if (parts[0] === 'webview') return 'webview';
  // A room of its own: it knows no VS Code, and the page reads it as well.
  if (parts.join('/') === 'src/ui/actions.ts') return 'actions';
  return (parts[1] ?? '').replace(/\.ts$/, '');
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(projectRoot, file), 'utf8');
  const found: Import[] = [];
  const pattern = /^\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm;
  for (const match of text.matchAll(pattern)) {
    const target = match[2] ?? match[3] ?? '';
    const to = target.startsWith('.')
      ? roomOf(relative(projectRoot, resolve(projectRoot, dirname(file), target)))
      : target;
    found.push({ file, from: roomOf(file), to, typeOnly: match[1] !== undefined });
  }
  return found;
}

describe('who imports whom', () => {
  const imports = [...sourceFiles('src'), ...sourceFiles('webview')].flatMap(importsOf);

  it('every file is in a room that this test knows', () => {
    const unknown = new Set(imports.map((entry) => entry.from).filter((room) => !(room in allowed)));
    assert.deepEqual([...unknown], []);
  });

  it('rooms import only the rooms below them', () => {
    const wrong = imports.filter(({ from, to }) => to in allowed && to !== from && !allowed[from]?.rooms.includes(to));
    assert.deepEqual(wrong, []);
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
