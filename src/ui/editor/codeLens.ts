/** The CodeLens above a config file: Run, Validate, and the state of the experiment launched from the file. */
import {
  type CodeLens,
  type CodeLensProvider,
  type Disposable,
  EventEmitter,
  env,
  languages,
  Range,
  type TextDocument,
  window,
} from 'vscode';
import { Disposables } from '../../store/disposables.ts';
import type { Store, StoreChange } from '../../store/store.ts';
import { experimentsOfFile } from '../experiments.ts';
import { Labels } from '../explorer/labels.ts';
import type { Settings } from '../settings.ts';
import { codeLens, l10n } from '../window.ts';
import { configLanguages, isConfigDocument } from './configDocuments.ts';
import type { ConfigDiagnostics } from './diagnostics.ts';
import { type Lens, lensLine } from './lensLines.ts';

/** At most two redraws a second, however fast trials arrive. */
const throttleMs = 500;
/** Keeps texts such as "12 min ago" current. */
const agingMs = 60_000;

export class ConfigCodeLens implements CodeLensProvider, Disposable {
  readonly #store: Store;
  readonly #settings: Settings;
  readonly #diagnostics: ConfigDiagnostics;
  readonly #labels = new Labels(l10n.t, env.language);
  readonly #changed = new EventEmitter<void>();
  readonly #disposables = new Disposables();
  readonly #aging: NodeJS.Timeout;
  /** The text above each document now. */
  readonly #shown = new WeakMap<TextDocument, string>();
  #timer: NodeJS.Timeout | undefined;
  #lastFired = 0;

  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(store: Store, settings: Settings, diagnostics: ConfigDiagnostics) {
    this.#store = store;
    this.#settings = settings;
    this.#diagnostics = diagnostics;
    this.#disposables.add(
      this.#changed,
      languages.registerCodeLensProvider(
        configLanguages.map((language) => ({ language })),
        this,
      ),
      store.onDidChange((change) => this.#onChange(change)),
      diagnostics.onDidCheck(() => this.#schedule()),
      settings.onDidChange(({ affects }) => {
        if (affects('codeLens') || affects('configFiles')) this.#schedule();
      }),
    );
    this.#aging = setInterval(() => {
      if (this.#openConfigs().length > 0) this.#schedule();
    }, agingMs);
    this.#aging.unref();
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    const line = this.#line(document);
    this.#shown.set(document, JSON.stringify(line));
    const top = new Range(0, 0, 0, 0);
    return line.map(({ about, ...lens }) => codeLens(top, { ...lens, arguments: [about ?? document.uri] }));
  }

  dispose(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#aging);
    this.#disposables.dispose();
  }

  #line(document: TextDocument): Lens[] {
    if (!this.#settings.codeLens(document) || !isConfigDocument(document, this.#settings)) return [];
    const experiments = experimentsOfFile(this.#store, document.uri.fsPath);
    return lensLine(experiments, this.#labels, this.#diagnostics.backendOf(document.uri));
  }

  #visible(): TextDocument[] {
    return window.visibleTextEditors
      .map((editor) => editor.document)
      .filter((document) => configLanguages.includes(document.languageId));
  }

  #openConfigs(): TextDocument[] {
    return this.#visible().filter((document) => isConfigDocument(document, this.#settings));
  }

  #onChange(change: StoreChange): void {
    const files = new Set(this.#openConfigs().map((document) => document.uri.fsPath));
    if (files.size === 0) return;
    const ours = [...change.experiments].some(
      ([model, delta]) =>
        delta.summary && model.summary.configFile !== undefined && files.has(model.summary.configFile),
    );
    if (ours || change.connections.size > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#timer) return;
    const wait = Math.max(0, this.#lastFired + throttleMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // VS Code redraws the whole line at each event, so fire one only when the text differs.
      const stale = this.#visible().some(
        (document) => this.#shown.get(document) !== JSON.stringify(this.#line(document)),
      );
      if (!stale) return;
      this.#lastFired = performance.now();
      this.#changed.fire();
    }, wait);
  }
}
