/** One server in the window, its experiments, and the commands a person gives it. */

import type { Launched, LaunchRequest } from '../client/index.ts';
import { withActions } from '../model/experiment/computeActions.ts';
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import type { ConnectionStatus } from './connectionStatus.ts';
import { type Disposable, Emitter, type Event } from './emitter.ts';
import { ExperimentList } from './experimentList.ts';
import type { ExperimentModel } from './experimentModel.ts';
import { Reconnector } from './reconnector.ts';
import type { Connector, ServerConnection } from './serverConnection.ts';

/** `structure`: the status, the warnings or the set of experiments changed. */
export type ConnectionEvent = { structure: true };

export interface ConnectionOptions {
  id: string;
  label: string;
  kind: 'local' | 'remote';
  /** The address that the person gave. Left out for the local manager, whose address changes. */
  address?: string;
  connector: Connector;
  /** Whether a manager may be started now. */
  mayStart(): boolean;
}

export class Connection implements Disposable {
  readonly id: string;
  readonly address: string | undefined;
  readonly kind: 'local' | 'remote';
  readonly #connector: Connector;
  readonly #mayStart: () => boolean;
  readonly #changed = new Emitter<ConnectionEvent>();
  readonly onDidChange: Event<ConnectionEvent> = this.#changed.event;
  readonly #list: ExperimentList;
  readonly #reconnector: Reconnector;
  /** Fires before {@link onDidChange}, so that listeners are in place when the first change comes. */
  readonly onDidAddModel: Event<ExperimentModel>;

  #label: string;
  #isVisible = false;
  /** Waits for the first experiment of a folder that has none. */
  #waiting: Disposable | undefined;

  constructor({ id, label, kind, address, connector, mayStart }: ConnectionOptions) {
    this.id = id;
    this.#label = label;
    this.address = address;
    this.kind = kind;
    this.#connector = connector;
    this.#mayStart = mayStart;
    const onChange = () => this.#changed.fire({ structure: true });
    this.#list = new ExperimentList(id, onChange);
    this.onDidAddModel = this.#list.onDidAddModel;
    this.#reconnector = new Reconnector({
      kind,
      connector,
      mayStart,
      isVisible: () => this.#isVisible,
      hasExperiments: () => this.#list.models.size > 0,
      onStatus: onChange,
      onChange: (change) => this.#list.applyChange(change),
      onServer: (server) => {
        if (server) {
          this.#stopWaiting();
          server.setVisible?.(this.#isVisible);
        }
        this.#list.attach(server);
      },
    });
  }

  get label(): string {
    return this.#label;
  }

  get status(): ConnectionStatus {
    return this.#reconnector.status;
  }

  /** By id. */
  get models(): ReadonlyMap<string, ExperimentModel> {
    return this.#list.models;
  }

  /** Why the list may be incomplete, as the manager said last; in words for a person. */
  get warnings(): readonly string[] {
    return this.#list.warnings;
  }

  /** Running experiments first, then the newest. */
  get experiments(): ExperimentSummary[] {
    return this.#list.summaries;
  }

  /** The living server, for requests. @throws an Error in words for a person when there is none */
  get server(): ServerConnection {
    const { server, status } = this.#reconnector;
    if (server) return server;
    throw new Error(
      status.state === 'lost' ? `${this.label} does not answer: ${status.reason}` : `${this.label} is not connected.`,
    );
  }

  /**
   * Connects and resolves when the list of experiments is there, or at once when no manager runs and none may be started.
   * Never rejects: {@link status} says how it went.
   */
  async connect(options: { start: boolean }): Promise<void> {
    await this.#reconnector.connect(options);
  }

  /**
   * Connects if the folder has experiments or a manager already runs; starts one only where that is allowed. A visible connection to
   * an empty folder connects when the first experiment appears.
   */
  async show(): Promise<void> {
    const { server } = this.#reconnector;
    if (server) {
      server.refresh?.();
      return;
    }
    const hasExperiments = await this.#connector.hasExperiments();
    await this.connect({ start: this.#mayStart() && hasExperiments });
    if (hasExperiments || this.#reconnector.server || !this.#isVisible) return;
    this.#waiting ??= this.#connector.awaitExperiments?.(() => {
      this.#stopWaiting();
      void this.show();
    });
  }

  /** Launches, starting the manager first when there is none. Resolves when the experiment is in the list. */
  async launch(request: LaunchRequest): Promise<Launched> {
    await this.connect({ start: this.#mayStart() });
    const launched = await this.server.launch(request);
    const { id } = launched;
    await this.#list.waitFor(id, `Experiment ${id} was started, but ${this.label} does not list it.`);
    return launched;
  }

  /**
   * Asks an experiment to stop; resolves when the server has accepted. A server of a single experiment ends with it; the connection
   * then becomes idle, not lost.
   *
   * @throws the client's errors
   */
  async stop(experimentId: string): Promise<void> {
    await this.server.experiment(experimentId).stopExperiment();
    const model = this.models.get(experimentId);
    if (!model?.summary.standalone) return;
    this.#drop();
    model.applySummary(withActions({ ...model.summary, status: 'STOPPED', live: false }));
    this.#reconnector.setIdle();
  }

  /** Deletes a stored experiment with its files. @throws the client's errors */
  async delete(experimentId: string): Promise<void> {
    await this.server.delete(experimentId);
  }

  rename(label: string): void {
    if (label === this.#label) return;
    this.#label = label;
    this.#changed.fire({ structure: true });
  }

  /** Tells whether the list is on screen. A hidden connection costs its server hardly any work. */
  setVisible(visible: boolean): void {
    if (visible === this.#isVisible) return;
    this.#isVisible = visible;
    if (!visible) this.#stopWaiting();
    this.#reconnector.server?.setVisible?.(visible);
  }

  /** Tries again now, at a person's request, and reads again what failed. */
  async retry(): Promise<void> {
    if (this.status.state === 'connected') this.#list.retryFailed();
    else await this.connect({ start: this.#mayStart() });
  }

  /** Forgets the server and its experiments, e.g. when another folder was set. */
  disconnect(): void {
    this.#drop();
    this.#list.clear();
    this.#reconnector.setIdle();
  }

  dispose(): void {
    this.#stopWaiting();
    this.#reconnector.dispose();
    this.#list.dispose();
    this.#changed.dispose();
  }

  #drop(): void {
    this.#stopWaiting();
    this.#reconnector.drop();
  }

  #stopWaiting(): void {
    this.#waiting?.dispose();
    this.#waiting = undefined;
  }
}
