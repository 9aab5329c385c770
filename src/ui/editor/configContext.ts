/** Keeps the context key `trialdeck.configFiles` up to date, so that title bars and menus offer Run on configs only. */
import { type Disposable, workspace } from 'vscode';
import { Disposables } from '../../store/disposables.ts';
import { setContext } from '../contextKeys.ts';
import type { Settings } from '../settings.ts';
import { isConfigDocument } from './configDocuments.ts';

/** Typing rarely turns a document into a config, so checking can wait for a pause. */
const settleMs = 250;

export class ConfigContext implements Disposable {
  readonly #settings: Settings;
  readonly #disposables = new Disposables();
  #timer: NodeJS.Timeout | undefined;
  #announced = '';

  constructor(settings: Settings) {
    this.#settings = settings;
    const later = () => {
      this.#timer ??= setTimeout(() => this.#announce(), settleMs);
    };
    this.#disposables.add(
      workspace.onDidOpenTextDocument(() => this.#announce()),
      workspace.onDidCloseTextDocument(later),
      workspace.onDidChangeTextDocument(later),
      settings.onDidChange(({ affects }) => {
        if (affects('configFiles')) later();
      }),
    );
    this.#announce();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#disposables.dispose();
  }

  #announce(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const paths = workspace.textDocuments
      .filter((document) => isConfigDocument(document, this.#settings))
      .map((document) => document.uri.fsPath)
      .sort();
    const key = paths.join('\n');
    if (key === this.#announced) return;
    this.#announced = key;
    void setContext('trialdeck.configFiles', Object.fromEntries(paths.map((path) => [path, true as const])));
    if (paths.length > 0) void setContext('trialdeck.hasConfig', true);
  }
}
