/** Which key of a config an error of NNI is about, which names keys and no lines. Free of vscode. */

/** The place of the key that the message names and the file has; the longest of several. Case and underscores do not count. */
export function keyPlace(text: string, message: string): { start: number; end: number } | undefined {
  const named = new Set((message.match(/[A-Za-z_]\w+/g) ?? []).map(plain));
  const keys = [...text.matchAll(/^[ \t-]*(["']?)([A-Za-z_]\w*)\1[ \t]*:/gm)];
  let best: RegExpExecArray | undefined;
  for (const key of keys) {
    const name = key[2] ?? '';
    if (named.has(plain(name)) && name.length > (best?.[2]?.length ?? 0)) best = key;
  }
  if (!best) return undefined;
  const [whole, , name = ''] = best;
  const start = best.index + whole.indexOf(name);
  return { start, end: start + name.length };
}

function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}
