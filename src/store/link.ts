/**
 * What the store needs of a manager. `managerLink.ts`, `runnerLink.ts` and `pollLink.ts` make it of the client; tests make their own.
 */

import type { ExperimentApi } from '../client/api.ts';
import type { Launched, LaunchRequest, ManagerChange } from '../client/index.ts';
import type { ExperimentChange, ExperimentSnapshot } from '../model/experiment/experiment.ts';
import type { Disposable } from './emitter.ts';

export interface ListListener {
  change(change: ManagerChange): void;
  /** The manager does not answer any more; nothing follows. */
  closed(reason: Error): void;
}

export interface ExperimentListener {
  /** First, and again whenever the stream could not be continued. */
  snapshot(snapshot: ExperimentSnapshot): void;
  change(change: ExperimentChange): void;
  /** The experiment could not be read; nothing follows unless the link says so itself. */
  failed(reason: Error): void;
}

/** One living manager, or what stands for one: a runner or a real NNI that was connected to at its own address. */
export interface ManagerLink extends Disposable {
  readonly address: string;
  follow(listener: ListListener): Disposable;
  followExperiment(id: string, listener: ExperimentListener): Disposable;
  /** Whether somebody sees what is followed. Where each look costs the server work, hardly any is taken otherwise. */
  look?(visible: boolean): void;
  /** A person wants to see how things are now. Needed only where nothing comes by itself. */
  refresh?(): void;
  /** Resolves when the runner serves. Throws the client's errors, e.g. with config problems. */
  launch(request: LaunchRequest): Promise<Launched>;
  experiment(id: string): ExperimentApi;
  /** Deletes a stored experiment with its files. Throws the client's errors, e.g. while it runs. */
  delete(id: string): Promise<void>;
}

/** It answers, but wants a token, or another one. */
export class TokenWanted extends Error {}

/** How to reach, and where allowed start, the manager of a connection. */
export interface Connector {
  /** Undefined when no manager runs and none may be started. Throws when one should be there and does not answer. */
  connect(options: { start: boolean }): Promise<ManagerLink | undefined>;
  /** Whether there is anything to show, so that starting a manager makes sense. Never throws. */
  hasExperiments(): Promise<boolean>;
  /** Calls `appeared` once, when {@link hasExperiments} has become true. */
  awaitExperiments?(appeared: () => void): Disposable;
}
