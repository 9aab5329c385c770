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

/** The connection to the manager of this machine. It always exists, connected or not. */
const localConnectionId = 'local';

/** What changed in one experiment since the last event. */
export interface ExperimentDelta {
  summary: boolean;
  /** All trials were replaced, or reading them began, ended or failed. */
  reset: boolean;
  /** The order of trials changed, or their number. */
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
  /** Name of this machine in the person's language. */
  localLabel: string;
  /** Whether a manager may be started now. */
  mayStart(): boolean;
}

/** A server with an address: a manager, a runner, or a real NNI. */
export interface EndpointOptions {
  /** Stays the same over a reload of the window, because panels and rows of the tree refer to it. */
  id: string;
  label: string;
  /** `http://host:port`, and the path in front of all routes; see `identifyEndpoint`. */
  address: string;
  /** Called for each attempt to connect; undefined when the server needs no token. */
  token(): Promise<string | undefined>;
}

/** How long {@link Store.show} waits for servers elsewhere. */
const showTimeoutMs = 3000;
/** Interval of {@link Store.onDidChange}, so that views redraw rows at a bounded rate. */
const minEventIntervalMs = 50;

export class Store implements Disposable {
  readonly local: Connection;
  readonly #changed = new Emitter<StoreChange>();
  readonly #launched = new Emitter<ExperimentModel>();
  /** Coalesced: the first change after a pause fires at once, then at most one event in 50 ms. For live data: {@link ExperimentModel.onDidChange}. */
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

  /** The local connection first, then the others in the order in which they were added. */
  get connections(): readonly Connection[] {
    return this.#all.map(({ connection }) => connection);
  }

  /** Adds a connection, or returns the one with this id. Connects later: see {@link show} and {@link Connection.show}. */
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

  /** Forgets a connection and its experiments. The local connection stays. */
  removeConnection(id: string): void {
    const removed = this.#all.find(({ connection }) => connection.id === id);
    if (!removed || removed.connection === this.local) return;
    this.#all = this.#all.filter((other) => other !== removed);
    for (const model of removed.connection.models.values()) this.#experiments.delete(model);
    removed.subscriptions.dispose();
    this.#connections.add(removed.connection);
    this.#schedule();
  }

  /** Tells whether the list of experiments is on screen. A polled server is hardly asked while it is not. */
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

  /** All trials, best first; reads them when no view follows them. @throws an Error with the reason when they can't be read */
  async trials(connectionId: string, experimentId: string): Promise<TrialRow[]> {
    const model = this.experiment(connectionId, experimentId);
    if (!model) throw new Error(`There is no experiment ${experimentId}.`);
    await model.loaded();
    return model.order.slice().flatMap((id) => model.trials.get(id)?.row ?? []);
  }

  /** The client for requests about one experiment. @throws an Error in words for a person when its server is not connected */
  client(connectionId: string, experimentId: string): ExperimentApi {
    const connection = this.connection(connectionId);
    if (!connection) throw new Error(`There is no connection ${connectionId}.`);
    return connection.server.experiment(experimentId);
  }

  /** Creates, resumes or views an experiment; starts the manager when there is none. @throws the client's errors */
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
   * Connects all connections that have something to show; see {@link Connection.show}. Waits a few seconds at most for servers
   * elsewhere, so that a server that does not answer holds nothing up.
   */
  async show(): Promise<void> {
    const local = this.local.show();
    const others = this.connections.filter((connection) => connection !== this.local);
    const shown = Promise.all(others.map((connection) => connection.show()));
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, others.length > 0 ? showTimeoutMs : 0);
    });
    await Promise.race([shown, timeout]);
    clearTimeout(timer);
    await local;
  }

  /** Asks an experiment to stop; see {@link Connection.stop}. @throws the client's errors */
  async stop(connectionId: string, experimentId: string): Promise<void> {
    const connection = this.connection(connectionId);
    if (!connection) throw new Error(`There is no connection ${connectionId}.`);
    await connection.stop(experimentId);
  }

  /** Deletes a stored experiment with its files. @throws the client's errors */
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
    const waitMs = Math.max(0, this.#lastFired + minEventIntervalMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#lastFired = performance.now();
      const change = { connections: this.#connections, experiments: this.#experiments };
      this.#connections = new Set();
      this.#experiments = new Map();
      this.#changed.fire(change);
    }, waitMs);
  }
}
