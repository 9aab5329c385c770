/** The messages between the panel (extension host) and its page (webview). Types only; both sides import them. */
import type { ExperimentChange, ExperimentSnapshot } from './model/experiment/experiment.ts';
import type { Parameters } from './model/trial/trial.ts';
import type { PanelAction, TrialAction } from './ui/actions.ts';

/** Page to host, each answered exactly once. */
export interface Requests {
  /** Runs a user action; resolves when the action has taken effect or the user dismissed it. */
  act: { params: { action: PanelAction }; result: null };
  actOnTrials: { params: { action: TrialAction; trialIds: string[] }; result: null };
  openLog: { params: { trialId?: string; name: LogName }; result: null };
  /** The last `maxBytes` bytes of a trial's file, as text. */
  readTrialLog: {
    params: { trialId: string; name: LogName; maxBytes: number };
    result: { text: string; truncated: boolean };
  };
  copyText: { params: { text: string }; result: null };
  selectTrial: { params: { trialId: string | null }; result: null };
  retryConnection: { params: null; result: null };
}
export type LogName = 'trial.log' | 'stderr' | 'stdout' | 'manager';

/** Host to page, without a request. */
export interface Events {
  /** `connectionId` makes the page's state and its context menus name the right experiment. */
  snapshot: {
    connectionId: string;
    snapshot: ExperimentSnapshot;
    /** The picked trial. Replaces the page's restored pick: this one may be newer. */
    selectedTrial: string | null;
    connection: ConnectionView;
    strings: Strings;
    canRun: boolean;
    /** Why `canRun` is false, for the tooltips of disabled controls. */
    whyNotRun?: string;
  };
  /**
   * `from` is the revision the change starts at, when several were merged into one; without it, the revision before. A page
   * that is at another revision asks again with `ready`.
   */
  change: { change: ExperimentChange; from?: number };
  connection: ConnectionView;
  /** A trial picked elsewhere (tree, command). */
  select: { trialId: string | null };
  gone: { reason: string };
}

/** `canRun` in a snapshot is false in restricted mode and for read-only experiments. */
export interface ConnectionView {
  state: 'connected' | 'connecting' | 'lost';
  /** Epoch milliseconds since when. */
  since: number;
  reason?: string;
  /** The server's name, when the user gave one. */
  address?: string;
  /** Version of the NNI that runs the experiment, once known. */
  nni?: string;
}

/** Translations by English text, the shape of `vscode.l10n.bundle`, so that the page needs no localisation of its own. */
export type Strings = Readonly<Record<string, string>>;

/** The state the page stores with `setState` for the serializer: identity and view choices, never data. */
export interface PageState {
  version: 1;
  connectionId: string;
  experimentId: string;
  tab: 'overview' | 'trials' | 'curves' | 'config';
  selectedTrial: string | null;
  metricKey: string;
  sort: { column: string; descending: boolean } | null;
  curves: { count: number; logScale: boolean };
  history?: { logScale: boolean };
  filter?: { text: string; status: string };
}

export type Method = keyof Requests;
export type RequestMessage = {
  [M in Method]: { type: 'request'; id: number; method: M; params: Requests[M]['params'] };
}[Method];
export type ToHost = { type: 'ready' } | RequestMessage;
export type ToPage =
  | { [E in keyof Events]: { type: 'event'; event: E; data: Events[E] } }[keyof Events]
  | { type: 'reply'; id: number; ok: true; result: unknown }
  | { type: 'reply'; id: number; ok: false; message: string };
/** The host implements this type as one object: a missing method does not compile. */
export type Handlers = { [M in Method]: (params: Requests[M]['params']) => Promise<Requests[M]['result']> };
export type { PanelAction, Parameters, TrialAction };
