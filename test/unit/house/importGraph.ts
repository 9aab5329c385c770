/** The imports of the sources as a graph: of types, static and dynamic ones alike. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';

export interface Import {
  /** Path below the project. */
  file: string;
  from: string;
  /** The room of a file of ours, else the name of the package. */
  to: string;
  /** Path below the project of what is imported; undefined for a package. */
  target: string | undefined;
  typeOnly: boolean;
}

export function sourceFiles(folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(folder, file));
}

/** `src/ui/panel/x.ts` → `ui`, `src/cli.ts` → `cli`, `webview/main.tsx` → `webview`. */
export function roomOf(file: string): string {
  const parts = file.split(sep);
  if (parts[0] === 'webview') return 'webview';
  // A room of its own: it knows no VS Code, and the page reads it as well.
  if (parts.join('/') === 'src/ui/actions.ts') return 'actions';
  return (parts[1] ?? '').replace(/\.ts$/, '');
}

export function importsOf(file: string): Import[] {
  const text = readFileSync(join(projectRoot, file), 'utf8');
  const found: Import[] = [];
  const pattern =
    /^\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm;
  for (const match of text.matchAll(pattern)) {
    const name = match[2] ?? match[3] ?? match[4] ?? '';
    const target = name.startsWith('.') ? relative(projectRoot, resolve(projectRoot, dirname(file), name)) : undefined;
    const to = target === undefined ? name : roomOf(target);
    found.push({ file, from: roomOf(file), to, target, typeOnly: match[1] !== undefined });
  }
  return found;
}

/**
 * The groups of nodes that reach each other (Tarjan's algorithm), each sorted. A node by itself is not a group.
 *
 * @param edges from each node to others; the target of one need not be a key
 */
export function circlesOf(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const lower = (node: string, value: number) => low.set(node, Math.min(low.get(node) ?? value, value));

  function visit(node: string): void {
    const own = index.size;
    index.set(node, own);
    lower(node, own);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!index.has(next)) {
        visit(next);
        lower(node, low.get(next) ?? own);
      } else if (stack.includes(next)) lower(node, index.get(next) ?? own);
    }
    if (low.get(node) !== own) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1) circles.push(group.sort());
  }

  for (const node of edges.keys()) if (!index.has(node)) visit(node);
  return circles;
}

export function graphOf(pairs: Iterable<readonly [from: string, to: string]>): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  for (const [from, to] of pairs) {
    const known = edges.get(from);
    if (known) known.add(to);
    else edges.set(from, new Set([to]));
  }
  return edges;
}
