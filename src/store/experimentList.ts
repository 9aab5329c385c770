/** The experiments of one connection, kept as its server lists them. */

import type { ManagerChange } from '../client/index.ts';
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { type Disposable, Emitter, type Event } from './emitter.ts';
import { ExperimentModel } from './experimentModel.ts';
import type { ServerConnection } from './serverConnection.ts';

/** A manager lists a launched experiment within milliseconds. */
const listTimeoutMs = 10_000;

export class ExperimentList implements Disposable {
  readonly #connectionId: string;
  readonly #onChange: () => void;
  readonly #models = new Map<string, ExperimentModel>();
  readonly #modelAdded = new Emitter<ExperimentModel>();
  readonly onDidAddModel: Event<ExperimentModel> = this.#modelAdded.event;
  #warnings: readonly string[] = [];
  #server: ServerConnection | undefined;

  /** @param onChange called when the set of experiments or the warnings changed */
  constructor(connectionId: string, onChange: () => void) {
    this.#connectionId = connectionId;
    this.#onChange = onChange;
  }

  /** By id. */
  get models(): ReadonlyMap<string, ExperimentModel> {
    return this.#models;
  }

  /** Why the list may be incomplete, in words for a person. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Running experiments first, then the newest. */
  get summaries(): ExperimentSummary[] {
    return [...this.#models.values()]
      .map((model) => model.summary)
      .sort((a, b) => Number(b.live) - Number(a.live) || (b.startTime ?? 0) - (a.startTime ?? 0));
  }

  /** Gives each experiment the server it is followed on; undefined when the server was lost. */
  attach(server: ServerConnection | undefined): void {
    this.#server = server;
    for (const model of this.#models.values()) model.attach(server);
  }

  /** Reads the trials again where that failed. */
  retryFailed(): void {
    const server = this.#server;
    for (const model of this.#models.values()) {
      if (model.loading.state !== 'failed') continue;
      model.attach(undefined);
      model.attach(server);
    }
  }

  applyChange(change: ManagerChange): void {
    switch (change.event) {
      case 'list':
        this.#setSummaries(change.data);
        this.#warnings = [];
        this.#onChange();
        return;
      case 'warnings':
        this.#warnings = change.data;
        this.#onChange();
        return;
      case 'experiment': {
        const known = this.#models.get(change.data.id);
        if (known) known.applySummary(change.data);
        else {
          this.#add(change.data);
          this.#onChange();
        }
        return;
      }
      case 'removed':
        if (!this.#models.has(change.data.id)) return;
        this.#remove(change.data.id);
        this.#onChange();
    }
  }

  /** Forgets all experiments and warnings. Calls no `onChange`: the status of the connection changes with it. */
  clear(): void {
    this.#setSummaries([]);
    this.#warnings = [];
  }

  /**
   * Resolves when the experiment is listed. The list and the answer to a launch come over different connections, so either may be
   * first.
   *
   * @throws an Error with `message` when the experiment is not listed in time
   */
  waitFor(id: string, message: string): Promise<void> {
    if (this.#models.has(id)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        subscription.dispose();
        reject(new Error(message));
      }, listTimeoutMs);
      const subscription = this.onDidAddModel((model) => {
        if (model.id !== id) return;
        clearTimeout(timer);
        subscription.dispose();
        resolve();
      });
    });
  }

  dispose(): void {
    for (const model of this.#models.values()) model.dispose();
    this.#models.clear();
    this.#modelAdded.dispose();
  }

  #setSummaries(summaries: readonly ExperimentSummary[]): void {
    const listed = new Set(summaries.map((summary) => summary.id));
    for (const id of [...this.#models.keys()]) if (!listed.has(id)) this.#remove(id);
    for (const summary of summaries) {
      const known = this.#models.get(summary.id);
      if (known) known.applySummary(summary);
      else this.#add(summary);
    }
  }

  #add(summary: ExperimentSummary): void {
    const model = new ExperimentModel(this.#connectionId, summary);
    this.#models.set(summary.id, model);
    this.#modelAdded.fire(model);
    model.attach(this.#server);
  }

  #remove(id: string): void {
    const model = this.#models.get(id);
    this.#models.delete(id);
    model?.dispose();
  }
}
