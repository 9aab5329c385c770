/** Notifies once when an experiment started from this window finishes or fails. */
import { commands, type Disposable, type Memento } from 'vscode';
import { endedTrials, experimentPhase } from '../model/experiment/experimentPhase.ts';
import { formatNumber } from '../model/text/format.ts';
import { type PlainText, plainText } from '../model/text/plainText.ts';
import { Disposables } from '../store/disposables.ts';
import type { ExperimentModel } from '../store/experimentModel.ts';
import type { Store } from '../store/store.ts';
import { experimentNode } from './explorer/nodes.ts';
import type { Settings } from './settings.ts';
import { l10n, showError, showInformation } from './window.ts';

/** Ids of started experiments that have not ended; they survive a reload of the window. */
const memoryKey = 'trialdeck.started';

export class Notifications implements Disposable {
  readonly #settings: Settings;
  readonly #memory: Memento;
  readonly #started: Set<string>;
  readonly #disposables = new Disposables();

  constructor(store: Store, settings: Settings, memory: Memento) {
    this.#settings = settings;
    this.#memory = memory;
    this.#started = new Set(memory.get<string[]>(memoryKey, []));
    this.#disposables.add(
      store.onDidLaunch((model) => {
        this.#started.add(model.id);
        this.#save();
        this.#look(model);
      }),
      store.onDidChange(({ connections, experiments }) => {
        if (this.#started.size === 0) return;
        for (const model of experiments.keys()) this.#look(model);
        for (const connection of connections) {
          for (const model of connection.models.values()) this.#look(model);
        }
      }),
    );
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #look(model: ExperimentModel): void {
    if (!this.#started.has(model.id)) return;
    const phase = experimentPhase(model.summary);
    if (phase !== 'done' && phase !== 'failed' && phase !== 'stopped') return;
    this.#started.delete(model.id);
    this.#save();
    // The user stopped it and needs no notification.
    if (phase === 'stopped' || !this.#settings.notifications) return;
    void this.#tell(model, phase === 'failed');
  }

  async #tell(model: ExperimentModel, failed: boolean): Promise<void> {
    const { name, errors, best } = model.summary;
    const open = l10n.t('Open');
    let answer: PlainText | undefined;
    if (failed) {
      const reason = errors[0] ? plainText(errors[0], 200) : l10n.t('no reason given; see the log');
      answer = await showError(l10n.t('{0} has failed: {1}', name, reason), open);
    } else {
      const trials = endedTrials(model.summary);
      const value = best ? formatNumber(best.value) : '';
      const text = best
        ? l10n.t('{0} has finished: {1} trials, best {2} by trial {3}.', name, trials, value, best.trialNumber)
        : l10n.t('{0} has finished: {1} trials, none with a result.', name, trials);
      answer = await showInformation(text, open);
    }
    if (answer === open) {
      await commands.executeCommand('trialdeck.openExperiment', experimentNode(model.connectionId, model.id));
    }
  }

  #save(): void {
    void this.#memory.update(memoryKey, [...this.#started]);
  }
}
