/** Reads the search space in a file: a search space file, or a config. */
import { basename } from 'node:path';
import { type Uri, workspace } from 'vscode';
import type { ConfigProblem } from '../../model/config/config.ts';
import { looksLikeConfig } from '../../model/config/looksLikeConfig.ts';
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import { l10n } from '../window.ts';
import { anyBackend, checkConfig } from './checkConfig.ts';

/** Whether a text holds a search space, or names a search space file. */
export function mentionsSpace(text: string): boolean {
  return /\b_type["']?\s*:/.test(text) || looksLikeConfig(text);
}

/** @throws Error with the reason and the line when the file can't be read or the space is not valid */
export async function spaceOfFile(uri: Uri): Promise<SearchSpace> {
  const document = await workspace.openTextDocument(uri);
  const text = document.getText();
  if (!looksLikeConfig(text)) {
    const { readSearchSpace } = await import('../../model/space/readSearchSpace.ts');
    const { space, problems } = readSearchSpace({ text, file: uri.fsPath });
    return requireValid(uri, space, problems);
  }
  const { config, problems } = await checkConfig(document, anyBackend);
  return requireValid(uri, config?.searchSpace, problems);
}

function requireValid(uri: Uri, space: SearchSpace | undefined, problems: readonly ConfigProblem[]): SearchSpace {
  const error = problems.find(({ severity }) => severity === 'error');
  if (error) throw new Error(l10n.t('{0}, line {1}: {2}', basename(error.file), error.line, error.message));
  if (!space) throw new Error(l10n.t('{0} has no search space.', basename(uri.fsPath)));
  return space;
}
