/** Finds the key of a config that an NNI error is about. NNI's errors name keys, not lines. Free of vscode. */

/** The place of the longest key that is in both message and file. Ignores case and underscores. */
export function keyPlace(text: string, message: string): { start: number; end: number } | undefined {
  const named = new Set((message.match(/[A-Za-z_]\w+/g) ?? []).map(normalize));
  const keys = [...text.matchAll(/^[ \t-]*(["']?)([A-Za-z_]\w*)\1[ \t]*:/gm)];
  let best: RegExpExecArray | undefined;
  for (const key of keys) {
    const name = key[2] ?? '';
    if (named.has(normalize(name)) && name.length > (best?.[2]?.length ?? 0)) best = key;
  }
  if (!best) return undefined;
  const [whole, , name = ''] = best;
  const start = best.index + whole.indexOf(name);
  return { start, end: start + name.length };
}

function normalize(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}
