/** The status bar item: the running experiments, and the best value. */
import type { Disposable } from 'vscode';
import { plainLines, plainText } from '../model/text/plainText.ts';
import type { Connection } from '../store/connection.ts';
import { Disposables } from '../store/disposables.ts';
import type { Store } from '../store/store.ts';
import { runningExperiments } from './experiments.ts';
import { experimentsView } from './explorer/explorer.ts';
import type { Labels } from './explorer/labels.ts';
import { statusText } from './statusText.ts';
import { l10n, StatusItem } from './window.ts';

export class StatusBar implements Disposable {
  readonly #store: Store;
  readonly #labels: Labels;
  readonly #item: StatusItem;
  readonly #disposables = new Disposables();

  constructor(store: Store, labels: Labels) {
    this.#store = store;
    this.#labels = labels;
    this.#item = new StatusItem('trialdeck.status', plainText('Trialdeck'), `${experimentsView}.focus`);
    this.#disposables.add(
      this.#item,
      store.onDidChange(({ connections, experiments }) => {
        if (connections.size > 0 || [...experiments.values()].some((delta) => delta.summary)) this.#update();
      }),
    );
    this.#update();
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #update(): void {
    const running = runningExperiments(this.#store.connections);
    const lost = this.#store.connections.find(isLost);
    const text = statusText(running, lost !== undefined, this.#labels.t);
    if (text === undefined) {
      this.#item.hide();
      return;
    }
    const lines = running.map(
      (summary) => `${plainText(summary.name, 60)}: ${this.#labels.experiment(summary).description}`,
    );
    if (lost?.status.state === 'lost') lines.unshift(`${lost.label}: ${lost.status.reason}`);
    const spoken = plainText(lines.join('; ')) || l10n.t('Experiments');
    this.#item.show(text, plainLines(lines), spoken, lost !== undefined);
  }
}

/** Whether a manager answered before and stopped answering. */
function isLost(connection: Connection): boolean {
  return connection.status.state === 'lost' && connection.status.reached;
}
