/** The body of an import, read piece by piece: thousands of results at once would hold up the experiment. */
import { setImmediate as turn } from 'node:timers/promises';
import { endOfString, JsonLimitError, parseStrictJson } from '../../model/json/parseJson.ts';
import { shorten } from '../../model/text/shorten.ts';
import type { KnownResult } from '../../search/algorithm.ts';
import { httpError } from '../../server/security/httpError.ts';
import { readResult } from '../trials/importedResults.ts';

/** Results in one request. The search learns of all of them at once. */
export const maxImported = 50_000;
/** Of one result. */
const entryLimits = { maxDepth: 64, maxValues: 10_000 };
/** After so long, others get a turn. */
const sliceMs = 10;

export interface ImportBody {
  results: KnownResult[];
  /** The entries as they were sent, to be kept. */
  data: unknown[];
}

/**
 * Reads the body of an import: pairs of parameters and result. A value is a number, an object with `default`, or the JSON text of one.
 *
 * @throws HttpError 400 with the place of the first mistake, 413 for more than {@link maxImported} results
 */
export async function readImportBody(text: string): Promise<ImportBody> {
  const results: KnownResult[] = [];
  const data: unknown[] = [];
  let sliceEnd = performance.now() + sliceMs;
  for (const source of entriesOf(text)) {
    const index = data.length;
    if (index === maxImported)
      throw httpError(413, `At most ${maxImported} results can be imported at once; send the others on their own.`);
    const entry = parseEntry(source, index);
    const result = readResult(entry);
    if (typeof result === 'string') throw httpError(400, `Entry ${index} has ${result}.`);
    results.push(result);
    data.push(entry);
    if (performance.now() < sliceEnd) continue;
    await turn();
    sliceEnd = performance.now() + sliceMs;
  }
  return { results, data };
}

function parseEntry(source: string, index: number): unknown {
  try {
    return parseStrictJson(source, entryLimits);
  } catch (error) {
    const reason = error instanceof JsonLimitError ? error.message : `It is ${JSON.stringify(shorten(source, 100))}.`;
    throw httpError(400, `Entry ${index} of the body is not valid JSON. ${reason}`);
  }
}

/** The texts of a JSON list's entries, in order. Whether each is JSON is not known yet. */
function* entriesOf(body: string): Generator<string> {
  const text = body.trim();
  if (!text.startsWith('[') || !text.endsWith(']') || text.length < 2)
    throw httpError(400, 'The body must be an array of { "parameter": { … }, "value": … }.');
  const close = text.length - 1;
  if (text.slice(1, close).trim() === '') return;
  let depth = 0;
  let start = 1;
  for (let at = start; at < close; at++) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at);
        break;
      case '[':
      case '{':
        depth++;
        break;
      case ']':
      case '}':
        depth--;
        break;
      case ',':
        if (depth !== 0) break;
        yield text.slice(start, at);
        start = at + 1;
    }
  }
  yield text.slice(start, close);
}
