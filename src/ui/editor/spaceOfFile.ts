/** The search space in a file: one of its own, or the one of a config. */
import { basename } from 'node:path';
import { type Uri, workspace } from 'vscode';
import type { ConfigProblem } from '../../model/config/config.ts';
import { looksLikeConfig } from '../../model/config/looksLikeConfig.ts';
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import { l10n } from '../window.ts';
import { anyBackend, checkConfig } from './checkConfig.ts';

/** Whether a text has a search space, or names the file of one. */
export function mentionsSpace(text: string): boolean {
  return /\b_type["']?\s*:/.test(text) || looksLikeConfig(text);
}

/** @throws Error that says what is wrong and in which line, when the file can't be read or its space can't be searched */
export async function spaceOfFile(uri: Uri): Promise<SearchSpace> {
  const document = await workspace.openTextDocument(uri);
  const text = document.getText();
  if (!looksLikeConfig(text)) {
    const { readSearchSpace } = await import('../../model/space/readSearchSpace.ts');
    const { space, problems } = readSearchSpace({ text, file: uri.fsPath });
    return checked(uri, space, problems);
  }
  const { config, problems } = await checkConfig(document, anyBackend);
  return checked(uri, config?.searchSpace, problems);
}

function checked(uri: Uri, space: SearchSpace | undefined, problems: readonly ConfigProblem[]): SearchSpace {
  const error = problems.find(({ severity }) => severity === 'error');
  if (error) throw new Error(l10n.t('{0}, line {1}: {2}', basename(error.file), error.line, error.message));
  if (!space) throw new Error(l10n.t('{0} has no search space.', basename(uri.fsPath)));
  return space;
}
