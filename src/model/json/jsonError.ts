/** Finds where a text stops being JSON. The messages of `JSON.parse` rarely say it. */

const token =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them inside of texts
  /[{}[\],:]|"(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[\da-fA-F]{4})*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Offset of the first wrong token; the text's end when the text is cut off; undefined for valid JSON. */
export function jsonErrorAt(text: string): number | undefined {
  const open: ('{' | '[')[] = [];
  /** The tokens that may come: `first` is a value, or the end of the list or object that has just begun. */
  let wanted: 'value' | 'first' | 'key' | 'firstKey' | 'colon' | 'next' = 'value';
  let at = 0;
  for (;;) {
    while (/[ \t\r\n]/.test(text[at] ?? '')) at++;
    if (at >= text.length) return wanted === 'next' && open.length === 0 ? undefined : text.length;
    token.lastIndex = at;
    const [found = ''] = token.exec(text) ?? [];
    const closes = (found === ']' && open.at(-1) === '[') || (found === '}' && open.at(-1) === '{');
    const isKey = wanted === 'key' || wanted === 'firstKey';
    const isValue = wanted === 'value' || wanted === 'first';
    if (closes && (wanted === 'next' || wanted === 'first' || wanted === 'firstKey')) {
      open.pop();
      wanted = 'next';
    } else if (wanted === 'next' && found === ',' && open.length > 0) wanted = open.at(-1) === '{' ? 'key' : 'value';
    else if (wanted === 'colon' && found === ':') wanted = 'value';
    else if (isKey && found.startsWith('"')) wanted = 'colon';
    else if (isValue && (found === '{' || found === '[')) {
      open.push(found);
      wanted = found === '{' ? 'firstKey' : 'first';
    } else if (isValue && found !== '' && !/^[\]},:]$/.test(found)) wanted = 'next';
    else return at;
    at += found.length;
  }
}
