/**
 * A connection to one living server, as the store needs it: a manager, a runner or a real NNI. `managerConnection.ts`,
 * `runnerConnection.ts` and `nniConnection.ts` build it on the client; tests bring their own.
 */

import type { ExperimentApi } from '../client/api.ts';
import type { Launched, LaunchRequest, ManagerChange } from '../client/index.ts';
import type { ExperimentChange, ExperimentSnapshot } from '../model/experiment/experiment.ts';
import type { Disposable } from './emitter.ts';

/** Hears of the list of experiments. */
export interface ListListener {
  change(change: ManagerChange): void;
  /** The server stopped answering. No call comes after this one. */
  closed(reason: Error): void;
}

/** Hears of one experiment's trials. */
export interface ExperimentListener {
  /** First, and again whenever the stream could not be continued. */
  snapshot(snapshot: ExperimentSnapshot): void;
  change(change: ExperimentChange): void;
  /** The experiment could not be read. Nothing follows unless the connection recovers by itself. */
  failed(reason: Error): void;
}

/** One living server. A runner or a real NNI, reached at its own address, is a list of one experiment. */
export interface ServerConnection extends Disposable {
  readonly address: string;
  /** Follows the list of experiments until disposed. */
  followList(listener: ListListener): Disposable;
  /** Follows one experiment's trials until disposed. */
  followExperiment(id: string, listener: ExperimentListener): Disposable;
  /** Tells whether the list is on screen. A polled server is hardly asked while it is not. */
  setVisible?(visible: boolean): void;
  /** Asks for the present state now. Only polled servers need it. */
  refresh?(): void;
  /** Resolves when the runner serves. @throws the client's errors, e.g. with config problems */
  launch(request: LaunchRequest): Promise<Launched>;
  experiment(id: string): ExperimentApi;
  /** Deletes a stored experiment with its files. @throws the client's errors, e.g. while it runs */
  delete(id: string): Promise<void>;
}

/** The server answers, but the token is missing or wrong. */
export class TokenWantedError extends Error {}

/** Reaches, and where allowed starts, the server of a connection. */
export interface Connector {
  /**
   * @returns undefined when no server runs and none may be started
   * @throws when a server should be there and does not answer
   */
  connect(options: { start: boolean }): Promise<ServerConnection | undefined>;
  /** Whether there is anything to show, so that starting a manager makes sense. Never throws. */
  hasExperiments(): Promise<boolean>;
  /** Calls `appeared` once, when {@link hasExperiments} has become true. */
  awaitExperiments?(appeared: () => void): Disposable;
}
