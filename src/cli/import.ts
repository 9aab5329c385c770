/** `experiment import`: gives the tuner results from elsewhere, in the format of `export --type json`. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as v from 'valibot';
import { parseJson } from '../model/json/parseJson.ts';
import { messageOf } from '../model/text/messageOf.ts';
import { CommandFailure } from './failure.ts';
import { chooseRunning } from './select.ts';
import { type Session, untilde } from './session.ts';

const rowsSchema = v.array(v.looseObject({ parameter: v.record(v.string(), v.unknown()), value: v.unknown() }));

export async function importResults(
  session: Session,
  { filename }: { filename: string },
  id?: string,
): Promise<undefined> {
  const file = resolve(untilde(filename));
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CommandFailure(`${file} can't be read: ${messageOf(error)}`);
  });
  // An export has trials without a result, too.
  const results = rowsOf(text, file).filter(({ value }) => value !== null && value !== undefined);
  if (results.length === 0) throw new CommandFailure(`There are no results in ${file}.`);
  const chosen = await chooseRunning(session, id);
  const rows = results.map(({ parameter, value }) => ({ parameter, value }));
  await (await session.manager()).experiment(chosen.id).importData(rows);
  const what = rows.length === 1 ? '1 result was' : `${rows.length} results were`;
  session.print({ id: chosen.id, imported: rows.length }, `${what} imported into experiment ${chosen.id}.`);
}

function rowsOf(text: string, file: string): v.InferOutput<typeof rowsSchema> {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new CommandFailure(`${file} is not JSON: ${messageOf(error)}`);
  }
  const result = v.safeParse(rowsSchema, value);
  if (result.success) return result.output;
  const path = result.issues[0].path?.map(({ key }) => String(key)) ?? [];
  const where = path.length > 0 ? ` (wrong: ${path.join('.')})` : '';
  throw new CommandFailure(`${file} must be a list of {"parameter": {…}, "value": …}, as a JSON export is${where}.`);
}
