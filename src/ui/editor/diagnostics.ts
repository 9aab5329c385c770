/**
 * Problems of config files, underlined where they stand: while one types (after a pause), on opening and on saving. Those of
 * a search space in a file of its own are shown in that file. Closed files show none.
 */
import {
  type Diagnostic,
  type DiagnosticCollection,
  DiagnosticSeverity,
  type Disposable,
  EventEmitter,
  languages,
  Range,
  type TextDocument,
  Uri,
  workspace,
} from 'vscode';
import type { ConfigProblem } from '../../model/config/config.ts';
import type { BackendChoice } from '../../model/experiment/backend.ts';
import { plainLines } from '../../model/text/plainText.ts';
import { Disposables } from '../../store/disposables.ts';
import type { Settings } from '../settings.ts';
import { diagnostic } from '../window.ts';
import { type BackendAdvice, checkConfig } from './checkConfig.ts';
import { isConfigDocument } from './configDocuments.ts';

/** Check again after this pause in typing. */
const debounceMs = 300;

interface Checked {
  /** Every file the check read, including the config. A change of any of them starts a new check. */
  files: ReadonlySet<string>;
  problems: readonly ConfigProblem[];
  backend?: BackendChoice;
}

export class ConfigDiagnostics implements Disposable {
  readonly #settings: Settings;
  readonly #collection: DiagnosticCollection = languages.createDiagnosticCollection('trialdeck');
  readonly #disposables = new Disposables();
  /** Keyed by the config's path. */
  readonly #checked = new Map<string, Checked>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** The problem behind each diagnostic that is shown. */
  #problems = new WeakMap<Diagnostic, ConfigProblem>();
  readonly #advice: () => BackendAdvice;
  readonly #onFailure: (error: unknown) => void;
  readonly #didCheck = new EventEmitter<void>();
  /** Fires when a config was checked, or when a document stopped being one. */
  readonly onDidCheck = this.#didCheck.event;

  constructor(settings: Settings, advice: () => BackendAdvice, onFailure: (error: unknown) => void) {
    this.#settings = settings;
    this.#advice = advice;
    this.#onFailure = onFailure;
    this.#disposables.add(
      this.#collection,
      this.#didCheck,
      workspace.onDidOpenTextDocument((document) => this.#schedule(document, 0)),
      workspace.onDidChangeTextDocument(({ document }) => this.#touch(document)),
      workspace.onDidSaveTextDocument((document) => this.#touch(document)),
      workspace.onDidCloseTextDocument((document) => this.#forget(document)),
      settings.onDidChange(({ affects }) => {
        if (affects('configFiles') || affects('backend') || affects('nnictlPath')) this.#checkAll();
      }),
      workspace.onDidGrantWorkspaceTrust(() => this.#checkAll()),
    );
    this.#checkAll();
  }

  /** Shown problems that overlap a range of a document, with their diagnostics. */
  problemsAt(uri: Uri, range: Range): { diagnostic: Diagnostic; problem: ConfigProblem }[] {
    return (this.#collection.get(uri) ?? []).flatMap((diagnostic) => {
      const problem = this.#problems.get(diagnostic);
      return problem && diagnostic.range.intersection(range) ? [{ diagnostic, problem }] : [];
    });
  }

  /** The backend for the config in this file, by its last check; undefined while the config has errors. */
  backendOf(uri: Uri): BackendChoice | undefined {
    return this.#checked.get(uri.fsPath)?.backend;
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#disposables.dispose();
  }

  #checkAll(): void {
    for (const document of workspace.textDocuments) this.#schedule(document, 0);
  }

  /** Handles a changed document: a config, or a file that open configs read. */
  #touch(document: TextDocument): void {
    const path = document.uri.fsPath;
    if (this.#checked.has(path) || isConfigDocument(document, this.#settings)) this.#schedule(document, debounceMs);
    for (const other of workspace.textDocuments) {
      if (other !== document && this.#checked.get(other.uri.fsPath)?.files.has(path)) this.#schedule(other, debounceMs);
    }
  }

  #schedule(document: TextDocument, delay: number): void {
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        this.#check(document).catch(this.#onFailure);
      }, delay),
    );
  }

  async #check(document: TextDocument): Promise<void> {
    const path = document.uri.fsPath;
    if (document.isClosed || document.uri.scheme !== 'file' || !isConfigDocument(document, this.#settings)) {
      if (this.#checked.delete(path)) this.#publish();
      return;
    }
    const version = document.version;
    const checked = await checkConfig(document, this.#advice());
    // The user typed on or closed the document: a later check answers.
    if (document.isClosed || document.version !== version) return;
    this.#checked.set(path, checked);
    this.#publish();
  }

  #forget(document: TextDocument): void {
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    if (this.#checked.delete(document.uri.fsPath)) this.#publish();
  }

  #publish(): void {
    this.#didCheck.fire();
    const byFile = new Map<string, Map<string, ConfigProblem>>();
    for (const { problems } of this.#checked.values()) {
      for (const problem of problems) {
        const shown = byFile.get(problem.file) ?? new Map<string, ConfigProblem>();
        // Two configs may share a search space file: show its problem once.
        shown.set(`${problem.start}:${problem.end}:${problem.code}:${problem.message}`, problem);
        byFile.set(problem.file, shown);
      }
    }
    this.#collection.clear();
    this.#problems = new WeakMap();
    for (const [file, problems] of byFile) {
      const document = workspace.textDocuments.find((open) => open.uri.scheme === 'file' && open.uri.fsPath === file);
      this.#collection.set(
        Uri.file(file),
        [...problems.values()].map((problem) => this.#diagnostic(problem, document)),
      );
    }
  }

  #diagnostic(problem: ConfigProblem, document: TextDocument | undefined): Diagnostic {
    const message = plainLines(problem.message.split('\n'));
    const made = diagnostic(rangeOf(problem, document), message, severities[problem.severity]);
    made.code = problem.code;
    this.#problems.set(made, problem);
    return made;
  }
}

const severities = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};

/** Exact in an open document; in a closed file, computed from line, column and length. */
function rangeOf(problem: ConfigProblem, document: TextDocument | undefined): Range {
  if (document) return new Range(document.positionAt(problem.start), document.positionAt(problem.end));
  const line = problem.line - 1;
  const column = problem.column - 1;
  return new Range(line, column, line, column + Math.max(1, problem.end - problem.start));
}
