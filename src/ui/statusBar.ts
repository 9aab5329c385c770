/** One item at the left of the status bar: what runs, and the best of it. */
import { type Disposable, l10n, StatusBarAlignment, type StatusBarItem, ThemeColor, window } from 'vscode';
import type { Connection } from '../store/connection.ts';
import { disposeAll } from '../store/emitter.ts';
import type { Store } from '../store/store.ts';
import { oneLine } from './explorer/escape.ts';
import { experimentsView } from './explorer/explorer.ts';
import { type Labels, runningExperiments } from './explorer/labels.ts';
import { statusText } from './statusText.ts';

export class StatusBar implements Disposable {
  readonly #store: Store;
  readonly #labels: Labels;
  readonly #item: StatusBarItem;
  readonly #disposables: Disposable[] = [];

  constructor(store: Store, labels: Labels) {
    this.#store = store;
    this.#labels = labels;
    this.#item = window.createStatusBarItem('trialdeck.status', StatusBarAlignment.Left);
    this.#item.name = 'Trialdeck';
    this.#item.command = `${experimentsView}.focus`;
    this.#disposables.push(
      this.#item,
      store.onDidChange(({ connections, experiments }) => {
        if (connections.size > 0 || [...experiments.values()].some((delta) => delta.summary)) this.#update();
      }),
    );
    this.#update();
  }

  dispose(): void {
    disposeAll(this.#disposables);
  }

  #update(): void {
    const running = runningExperiments(this.#store.connections);
    const lost = this.#store.connections.find(isLost);
    const text = statusText(running, lost !== undefined, this.#labels.t);
    if (text === undefined) {
      this.#item.hide();
      return;
    }
    // Setting the same again would cost a message to the window each time.
    if (this.#item.text !== text) this.#item.text = text;
    const lines = running.map(
      (summary) => `${oneLine(summary.name, 60)}: ${this.#labels.experiment(summary).description}`,
    );
    if (lost?.status.state === 'lost') lines.unshift(`${lost.label}: ${oneLine(lost.status.reason)}`);
    this.#item.tooltip = lines.join('\n');
    this.#item.accessibilityInformation = { label: lines.join('; ') || l10n.t('Experiments') };
    this.#item.backgroundColor = lost ? new ThemeColor('statusBarItem.warningBackground') : undefined;
    this.#item.show();
  }
}

/** A manager that answered before and does not any more. */
function isLost(connection: Connection): boolean {
  return connection.status.state === 'lost' && connection.status.reached;
}
