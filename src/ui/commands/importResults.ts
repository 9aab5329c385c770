/** Imports results from a file into a running experiment's tuner. Reports every error in the file before sending anything. */
import { basename } from 'node:path';
import { Range, type Uri, window, workspace } from 'vscode';
import type { ImportedResult, ImportReading } from '../../model/files/importText.ts';
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import { plainLines, withIcon } from '../../model/text/plainText.ts';
import { askFirst, l10n, pickFile, showDone, withProgress } from '../window.ts';
import { Refusal, requireAnswer } from './refusal.ts';
import type { Services } from './services.ts';
import { currentSpace, experimentTarget } from './target.ts';

/** NNI's limit for a request, which the text of larger files would exceed. */
const maxFileBytes = 50_000_000;

export async function importResults(services: Services, ...args: unknown[]): Promise<void> {
  const target = await experimentTarget(services, args, {
    action: 'importData',
    placeHolder: l10n.t('Import results into which experiment?'),
  });
  const { name } = target.summary;
  const [uri] = await requireAnswer(
    pickFile({
      title: l10n.t('Results to import into {0}', name),
      openLabel: l10n.t('Import'),
      filters: { [l10n.t('Results (JSON, CSV)')]: ['json', 'csv'] },
    }),
  );
  if (!uri) return;
  const space = await currentSpace(services, target);
  const file = basename(uri.path);
  const { readImport } = await import('../../model/files/importText.ts');
  const reading = readImport(await textOf(uri), space);
  await refuseProblems(uri, reading);
  const { results, skipped } = reading;
  const question =
    results.length === 1
      ? l10n.t('Import 1 result from {0} into {1}?', file, name)
      : l10n.t('Import {0} results from {1} into {2}?', results.length, file, name);
  const detail = plainLines([
    l10n.t('The tuner of {0} takes them for results of its own and draws new trials accordingly.', name),
    l10n.t('They can not be taken back, and no trials are added for them.'),
    ...describeSkipped(skipped),
    ...(await describeOutside(results, space)),
  ]);
  await requireAnswer(askFirst(question, detail, l10n.t('Import')));
  const data = results.map(({ parameter, value }) => ({ parameter, value }));
  await withProgress(l10n.t('Importing into {0}…', name), () =>
    services.store.client(target.connectionId, target.experimentId).importData(data),
  );
  const said = results.length === 1 ? l10n.t('1 result was imported into {0}', name) : undefined;
  const text = said ?? l10n.t('{0} results were imported into {1}', results.length, name);
  showDone(withIcon('check', text));
}

async function textOf(uri: Uri): Promise<string> {
  const { size } = await workspace.fs.stat(uri);
  if (size > maxFileBytes) {
    throw new Refusal(l10n.t('{0} has more than {1} MB, which is more than NNI takes.', basename(uri.path), 50));
  }
  return new TextDecoder().decode(await workspace.fs.readFile(uri));
}

/** Shows the first error at its line. */
async function refuseProblems(uri: Uri, { problems }: ImportReading): Promise<void> {
  const [first] = problems;
  if (!first) return;
  const selection = new Range(first.line - 1, 0, first.line - 1, 0);
  await window.showTextDocument(uri, { selection });
  const place = l10n.t('{0}, line {1}', basename(uri.path), first.line);
  throw new Refusal(
    problems.length === 1
      ? l10n.t('{0}: {1} Nothing was imported.', place, first.message)
      : l10n.t('{0}: {1} (and {2} more) Nothing was imported.', place, first.message, problems.length - 1),
  );
}

function describeSkipped(skipped: readonly number[]): string[] {
  const [line] = skipped;
  if (line === undefined) return [];
  return [
    skipped.length === 1
      ? l10n.t('Left out: 1 without a number as its result (line {0}).', line)
      : l10n.t('Left out: {0} without a number as their result (the first in line {1}).', skipped.length, line),
  ];
}

/** Parameters outside of the search space, which most tuners can't use. */
async function describeOutside(results: readonly ImportedResult[], space: SearchSpace): Promise<string[]> {
  // Without a search space there is nothing to compare with.
  if (Object.keys(space).length === 0) return [];
  const { differences } = await import('./draftText.ts');
  let count = 0;
  let first: string | undefined;
  for (const { parameter, line } of results) {
    const [difference] = differences(space, parameter);
    if (!difference) continue;
    count++;
    first ??= l10n.t('line {0}: {1}', line, difference.message);
  }
  if (first === undefined) return [];
  return [
    count === 1
      ? l10n.t('1 is not of the search space ({0})', first)
      : l10n.t('{0} are not of the search space (the first in {1})', count, first),
  ];
}
