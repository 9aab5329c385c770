/**
 * Trial drafts: untitled JSON documents with the parameters of a trial to queue, with "Queue Trial" above the first line
 * and in the title bar. Values outside of the search space get a warning; the trial may still run.
 */
import {
  type CodeLens,
  type CodeLensProvider,
  type Diagnostic,
  type DiagnosticCollection,
  DiagnosticSeverity,
  type Disposable,
  EventEmitter,
  type ExtensionContext,
  languages,
  Range,
  type TextDocument,
  Uri,
  window,
  workspace,
} from 'vscode';
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import { plainText, withIcon } from '../../model/text/plainText.ts';
import type { Parameters } from '../../model/trial/trial.ts';
import { Disposables } from '../../store/disposables.ts';
import { setContext } from '../contextKeys.ts';
import type { ExperimentRef } from '../experiments.ts';
import { codeLens, diagnostic, l10n } from '../window.ts';
import { asReference } from './references.ts';

/** Drafts survive a reload of the window, as unsaved documents do. */
const memoryKey = 'trialdeck.trialDrafts';

export interface DraftSource {
  /** Undefined when the experiment is gone. */
  experiment(reference: ExperimentRef): { name: string; searchSpace: SearchSpace | undefined } | undefined;
}

export class TrialDrafts implements CodeLensProvider, Disposable {
  readonly #source: DraftSource;
  readonly #memory: ExtensionContext['workspaceState'];
  readonly #drafts = new Map<string, ExperimentRef>();
  readonly #diagnostics: DiagnosticCollection;
  readonly #changed = new EventEmitter<void>();
  readonly #disposables = new Disposables();

  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(source: DraftSource, memory: ExtensionContext['workspaceState']) {
    this.#source = source;
    this.#memory = memory;
    for (const [uri, value] of Object.entries(memory.get<Record<string, unknown>>(memoryKey, {}))) {
      const reference = asReference(value);
      if (reference) this.#drafts.set(uri, reference);
    }
    this.#diagnostics = languages.createDiagnosticCollection('trialdeck.trial');
    this.#disposables.add(
      this.#diagnostics,
      this.#changed,
      languages.registerCodeLensProvider({ scheme: 'untitled', language: 'json' }, this),
      workspace.onDidOpenTextDocument((document) => this.#check(document)),
      workspace.onDidChangeTextDocument(({ document }) => this.#check(document)),
      workspace.onDidCloseTextDocument((document) => this.#forget(document.uri)),
    );
    for (const document of workspace.textDocuments) void this.#check(document);
    this.#announce();
  }

  /** Opens a document with these parameters for a new trial of the experiment. */
  async open(reference: ExperimentRef, parameters: Parameters): Promise<void> {
    const content = `${JSON.stringify(parameters, null, 2)}\n`;
    const document = await workspace.openTextDocument({ language: 'json', content });
    this.#drafts.set(document.uri.toString(), {
      connectionId: reference.connectionId,
      experimentId: reference.experimentId,
    });
    this.#announce();
    void this.#check(document);
    await window.showTextDocument(document, { preview: false });
  }

  /** The experiment a document is a trial for. */
  experimentOf(uri: Uri): ExperimentRef | undefined {
    return this.#drafts.get(uri.toString());
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    const reference = this.experimentOf(document.uri);
    if (!reference) return [];
    const name = this.#source.experiment(reference)?.name ?? reference.experimentId;
    return [
      codeLens(new Range(0, 0, 0, 0), {
        title: withIcon('play', l10n.t('Queue Trial')),
        tooltip: l10n.t('Runs a trial of {0} with these parameters', name),
        command: 'trialdeck.queueTrial',
        arguments: [document.uri],
      }),
      codeLens(new Range(0, 0, 0, 0), { title: plainText(`${name} · ${reference.experimentId}`), command: '' }),
    ];
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  async #check(document: TextDocument): Promise<void> {
    if (!this.experimentOf(document.uri)) return;
    const { parseDraft } = await import('./draftText.ts');
    // The document may have been closed meanwhile.
    const reference = this.experimentOf(document.uri);
    if (!reference) return;
    const space = this.#source.experiment(reference)?.searchSpace;
    const { problems } = parseDraft(document.getText(), space);
    this.#diagnostics.set(
      document.uri,
      problems.map(({ start, end, message, severity }): Diagnostic => {
        const range = new Range(document.positionAt(start), document.positionAt(end));
        const level = severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning;
        return diagnostic(range, plainText(message), level);
      }),
    );
  }

  #forget(uri: Uri): void {
    if (!this.#drafts.delete(uri.toString())) return;
    this.#diagnostics.delete(uri);
    this.#announce();
  }

  #announce(): void {
    const paths = Object.fromEntries([...this.#drafts.keys()].map((uri) => [Uri.parse(uri).fsPath, true as const]));
    void setContext('trialdeck.trialDrafts', paths);
    void this.#memory.update(memoryKey, Object.fromEntries(this.#drafts));
    this.#changed.fire();
  }
}
