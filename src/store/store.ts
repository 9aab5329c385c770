/**
 * The extension host's one source of truth: connections → experiments → trials → numbers. Everything arrives by events.
 * Views read from it and redraw what its events name.
 */

import type { ExperimentApi } from '../client/api.ts';
import type { LaunchRequest } from '../client/index.ts';
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import type { TrialRow } from '../model/trial/trial.ts';
import { Connection } from './connection.ts';
import { Disposables } from './disposables.ts';
import { type Disposable, Emitter, type Event } from './emitter.ts';
import { endpointConnector } from './endpointConnector.ts';
import type { ExperimentModel, ModelEvent } from './experimentModel.ts';
import type { Connector } from './serverConnection.ts';

/** The connection to the manager of this machine; it is always there, connected or not. */
const localConnectionId = 'local';

/** What changed in one experiment since the event before. */
export interface ExperimentDelta {
  summary: boolean;
  /** Trials were read anew, or reading them began, ended or failed. */
  reset: boolean;
  /** The order of trials is another one, or there are more of them. */
  order: boolean;
  /** Trials whose row or metrics changed. */
  trials: Set<string>;
}

export interface StoreChange {
  /** Connections whose status or set of experiments changed. */
  connections: ReadonlySet<Connection>;
  experiments: ReadonlyMap<ExperimentModel, ExperimentDelta>;
}

export interface StoreOptions {
  local: Connector;
  /** What the person calls this machine, in their language. */
  localLabel: string;
  /** Whether a manager may be started now. */
  mayStart(): boolean;
}

/** A server that is connected to at its address: a manager, a runner of ours, or a real NNI. */
export interface EndpointOptions {
  /** Stays the same over a reload of the window, as panels and rows of the tree name it. */
  id: string;
  label: string;
  /** `http://host:port`, and the path in front of all routes; see `identifyEndpoint`. */
  address: string;
  /** Asked anew for each attempt to connect; undefined where none is needed. */
  token(): Promise<string | undefined>;
}

/** How long {@link Store.show} waits for servers elsewhere, in milliseconds. */
const longestShow = 3000;
/** Views that redraw rows are told at most this often, in milliseconds. */
const tick = 50;

export class Store implements Disposable {
  readonly local: Connection;
  readonly #changed = new Emitter<StoreChange>();
  readonly #launched = new Emitter<ExperimentModel>();
  /** Coalesced: the first change after a quiet time comes at once, then at most one event in 50 ms. For live data: {@link ExperimentModel.onDidChange}. */
  readonly onDidChange: Event<StoreChange> = this.#changed.event;
  /** An experiment was created or resumed from this window. */
  readonly onDidLaunch: Event<ExperimentModel> = this.#launched.event;

  readonly #disposables = new Disposables();
  #all: { connection: Connection; subscriptions: Disposables }[] = [];
  #visible = false;
  #connections = new Set<Connection>();
  #experiments = new Map<ExperimentModel, ExperimentDelta>();
  #timer: NodeJS.Timeout | undefined;
  #lastFired = 0;

  constructor(options: StoreOptions) {
    this.local = new Connection({
      id: localConnectionId,
      label: options.localLabel,
      kind: 'local',
      connector: options.local,
      mayStart: options.mayStart,
    });
    this.#disposables.add(this.#changed, this.#launched);
    this.#add(this.local);
  }

  /** The local one first, then the others in the order in which they were added. */
  get connections(): readonly Connection[] {
    return this.#all.map(({ connection }) => connection);
  }

  /** Adds a connection, or gives the one that has this id. Connects to nothing yet: see {@link show} and {@link Connection.show}. */
  addEndpoint({ id, label, address, token }: EndpointOptions): Connection {
    const known = this.connection(id);
    if (known) return known;
    const connection = new Connection({
      id,
      label,
      kind: 'remote',
      address,
      connector: endpointConnector({ address, token }),
      mayStart: () => false,
    });
    this.#add(connection);
    this.#connections.add(connection);
    this.#schedule();
    return connection;
  }

  /** Forgets a connection and what was read over it. The local one stays. */
  removeConnection(id: string): void {
    const gone = this.#all.find(({ connection }) => connection.id === id);
    if (!gone || gone.connection === this.local) return;
    this.#all = this.#all.filter((other) => other !== gone);
    for (const model of gone.connection.models.values()) this.#experiments.delete(model);
    gone.subscriptions.dispose();
    this.#connections.add(gone.connection);
    this.#schedule();
  }

  /** Whether the list of experiments is seen. Servers that tell nothing by themselves are hardly asked while it is not. */
  setVisible(visible: boolean): void {
    this.#visible = visible;
    for (const connection of this.connections) connection.setVisible(visible);
  }

  connection(id: string): Connection | undefined {
    return this.connections.find((connection) => connection.id === id);
  }

  experiment(connectionId: string, experimentId: string): ExperimentModel | undefined {
    return this.connection(connectionId)?.models.get(experimentId);
  }

  summary(connectionId: string, experimentId: string): ExperimentSummary | undefined {
    return this.experiment(connectionId, experimentId)?.summary;
  }

  /** All trials, best first; reads them when nobody watches. Throws with the reason when they can't be read. */
  async trials(connectionId: string, experimentId: string): Promise<TrialRow[]> {
    const model = this.experiment(connectionId, experimentId);
    if (!model) throw new Error(`There is no experiment ${experimentId}.`);
    await model.loaded();
    return model.order.slice().flatMap((id) => model.trials.get(id)?.row ?? []);
  }

  /** The client for requests about one experiment. Throws in words for a person when its manager is not connected. */
  client(connectionId: string, experimentId: string): ExperimentApi {
    const connection = this.connection(connectionId);
    if (!connection) throw new Error(`There is no connection ${connectionId}.`);
    return connection.server.experiment(experimentId);
  }

  /** Creates, resumes or views an experiment; starts the manager when there is none. Throws the client's errors. */
  async launch(
    request: LaunchRequest,
    connectionId = localConnectionId,
  ): Promise<{ connectionId: string; experimentId: string }> {
    const connection = this.connection(connectionId);
    if (!connection) throw new Error(`There is no connection ${connectionId}.`);
    const { id } = await connection.launch(request);
    const model = connection.models.get(id);
    if (model && request.action !== 'view') this.#launched.fire(model);
    return { connectionId, experimentId: id };
  }

  /**
   * Connects where there is something to show; see {@link Connection.show}. For those elsewhere it waits a few seconds at most: one that
   * does not answer keeps nobody from the others.
   */
  async show(): Promise<void> {
    const local = this.local.show();
    const others = this.connections.filter((connection) => connection !== this.local);
    const shown = Promise.all(others.map((connection) => connection.show()));
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, others.length > 0 ? longestShow : 0);
    });
    await Promise.race([shown, enough]);
    clearTimeout(timer);
    await local;
  }

  /** Asks an experiment to stop; see {@link Connection.stop}. Throws the client's errors. */
  async stop(connectionId: string, experimentId: string): Promise<void> {
    const connection = this.connection(connectionId);
    if (!connection) throw new Error(`There is no connection ${connectionId}.`);
    await connection.stop(experimentId);
  }

  /** Deletes a stored experiment with its files. Throws the client's errors. */
  async delete(connectionId: string, experimentId: string): Promise<void> {
    const connection = this.connection(connectionId);
    if (!connection) throw new Error(`There is no connection ${connectionId}.`);
    await connection.delete(experimentId);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const { subscriptions } of this.#all) subscriptions.dispose();
    this.#disposables.dispose();
  }

  #add(connection: Connection): void {
    const subscriptions = new Disposables();
    subscriptions.add(
      connection,
      connection.onDidChange(() => {
        this.#connections.add(connection);
        this.#schedule();
      }),
      connection.onDidAddModel((model) => {
        model.onDidChange((event) => this.#recordChange(model, event));
      }),
    );
    this.#all.push({ connection, subscriptions });
    connection.setVisible(this.#visible);
  }

  #recordChange(model: ExperimentModel, event: ModelEvent): void {
    let delta = this.#experiments.get(model);
    if (!delta) {
      delta = { summary: false, reset: false, order: false, trials: new Set() };
      this.#experiments.set(model, delta);
    }
    if (event.kind === 'change') {
      if (event.change.summary) delta.summary = true;
      if (event.order) delta.order = true;
      for (const row of event.change.trials ?? []) delta.trials.add(row.id);
      for (const point of event.change.metrics ?? []) delta.trials.add(point.trialId);
    } else {
      delta.reset = true;
      if (event.kind === 'snapshot') delta.summary = true;
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer) return;
    const wait = Math.max(0, this.#lastFired + tick - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#lastFired = performance.now();
      const change = { connections: this.#connections, experiments: this.#experiments };
      this.#connections = new Set();
      this.#experiments = new Map();
      this.#changed.fire(change);
    }, wait);
  }
}
