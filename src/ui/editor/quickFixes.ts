/** Quick fixes: replace a misspelt key or value with the nearest correct one. */
import {
  CodeAction,
  CodeActionKind,
  type CodeActionProvider,
  Range,
  type TextDocument,
  type Uri,
  WorkspaceEdit,
} from 'vscode';
import type { ConfigProblem } from '../../model/config/config.ts';
import { l10n } from '../window.ts';
import type { ConfigDiagnostics } from './diagnostics.ts';

export class ConfigQuickFixes implements CodeActionProvider {
  static readonly kinds = [CodeActionKind.QuickFix];
  readonly #diagnostics: ConfigDiagnostics;

  constructor(diagnostics: ConfigDiagnostics) {
    this.#diagnostics = diagnostics;
  }

  provideCodeActions(document: TextDocument, range: Range): CodeAction[] {
    const fixable = this.#diagnostics
      .problemsAt(document.uri, range)
      .filter(({ problem }) => problem.replacement !== undefined);
    const actions = fixable.map(({ diagnostic, problem }) => {
      const action = new CodeAction(title(document, problem), CodeActionKind.QuickFix);
      action.diagnostics = [diagnostic];
      action.edit = edit(document, [problem]);
      action.isPreferred = true;
      return action;
    });
    const whole = new Range(0, 0, document.lineCount, 0);
    const all = this.#diagnostics
      .problemsAt(document.uri, whole)
      .filter(({ problem }) => problem.replacement !== undefined);
    if (fixable.length > 0 && all.length > 1) {
      const action = new CodeAction(l10n.t('Correct all {0} in this file', all.length), CodeActionKind.QuickFix);
      action.diagnostics = all.map(({ diagnostic }) => diagnostic);
      action.edit = edit(
        document,
        all.map(({ problem }) => problem),
      );
      actions.push(action);
    }
    return actions;
  }
}

function title(document: TextDocument, problem: ConfigProblem): string {
  const wrong = document.getText(rangeOf(document, problem));
  const right = problem.replacement ?? '';
  if (right === '') return l10n.t('Remove {0}', wrong);
  return wrong === '' ? l10n.t('Insert {0}', right) : l10n.t('Replace {0} by {1}', shorten(wrong), shorten(right));
}

function shorten(text: string): string {
  const line = text.trim().split('\n')[0] ?? '';
  return line.length > 40 || line !== text.trim() ? `${line.slice(0, 39)}…` : line;
}

function rangeOf(document: TextDocument, problem: ConfigProblem): Range {
  return new Range(document.positionAt(problem.start), document.positionAt(problem.end));
}

function edit(document: TextDocument, problems: readonly ConfigProblem[]): WorkspaceEdit {
  const changes = new WorkspaceEdit();
  const uri: Uri = document.uri;
  for (const problem of problems) changes.replace(uri, rangeOf(document, problem), problem.replacement ?? '');
  return changes;
}
