/** The page's single source of truth: the panel's data, the user's choices, and the requests, drawing and announcements. */

import { isTicking } from '../../src/model/experiment/experimentPhase.ts';
import type {
  ConnectionView,
  Events,
  Method,
  PanelAction,
  Requests as Protocol,
  TrialAction,
} from '../../src/protocol.ts';
import type { OpenMenu } from '../controls/Menu.tsx';
import { setStrings, t } from '../strings.ts';
import { Announcer } from './announcer.ts';
import { Derived } from './derived.ts';
import { DrawClock } from './drawClock.ts';
import { ExperimentData } from './experimentData.ts';
import type { Host } from './host.ts';
import { Requests } from './requests.ts';
import { Selection } from './selection.ts';
import { type Theme, watchTheme } from './theme.ts';
import { keptState, restoredView, startView, type View } from './view.ts';

export class Page {
  readonly host: Host;
  theme: Theme;
  data: ExperimentData | undefined;
  readonly derived = new Derived();
  connection: ConnectionView = { state: 'connecting', since: Date.now() };
  canRun = true;
  whyNotRun = '';
  gone: string | undefined;
  view: View = startView;
  menu: OpenMenu | undefined;
  announcement = '';
  readonly requests: Requests;
  readonly clock: DrawClock;
  readonly #announcer = new Announcer();
  #connectionId = '';
  readonly #selection: Selection;
  readonly #started = Date.now();

  constructor(host: Host, draw: () => void) {
    this.host = host;
    this.clock = new DrawClock(draw);
    this.requests = new Requests(host, () => this.invalidate());
    const kept = host.restore();
    if (kept) {
      this.#connectionId = kept.connectionId;
      this.view = restoredView(kept);
    }
    this.#selection = new Selection(
      this.view.selectedTrial,
      (trialId) => void this.request('selectTrial', { trialId }),
    );
    this.theme = watchTheme((theme) => {
      this.theme = theme;
      this.invalidate();
    });
    host.listen((event, data) => this.#take(event, data));
    host.ready();
    this.clock.start(
      () => !this.data || isTicking(this.data.summary),
      () => this.#announce(),
    );
  }

  /** Epoch milliseconds, the time that all parts of one drawing agree on. */
  get now(): number {
    return this.clock.now;
  }

  get connectionId(): string {
    return this.#connectionId;
  }

  /** The time for durations of running things: now, or the time at which the connection was lost. */
  get dataNow(): number {
    return this.connection.state === 'lost' ? Math.min(this.now, this.connection.since) : this.now;
  }

  /** Why requests to the experiment are impossible now; undefined when they are possible. */
  get whyLost(): string | undefined {
    return this.connection.state === 'connected' ? undefined : t('There is no connection to the experiment.');
  }

  /** Why starting and changing are impossible now; undefined when they are possible. */
  get whyNotChange(): string | undefined {
    return this.canRun ? this.whyLost : this.whyNotRun;
  }

  /** The trial in focus: the picked one, else the best, else the first running one. */
  get focus(): string | undefined {
    const { data, view } = this;
    if (!data) return undefined;
    if (view.selectedTrial !== null && data.rows.has(view.selectedTrial)) return view.selectedTrial;
    const best = data.summary.best?.trialId;
    if (best !== undefined && data.rows.has(best)) return best;
    if (!data.summary.counts.RUNNING) return undefined;
    for (const row of data.rows.values()) if (row.status === 'RUNNING') return row.id;
    return undefined;
  }

  /** Whole seconds since the page began to wait. */
  get waited(): number {
    return Math.floor((this.clock.now - this.#started) / 1000);
  }

  change(view: Partial<View>): void {
    this.view = { ...this.view, ...view };
    this.#keep();
    this.invalidate();
  }

  select(trialId: string | null): void {
    if (this.#selection.pick(trialId)) this.change({ selectedTrial: trialId });
  }

  /** Runs a user action on the experiment. */
  act(action: PanelAction): void {
    void this.request('act', { action }, action);
  }

  /** Runs a user action on trials of the experiment. */
  actOnTrials(action: TrialAction, trialIds: string[]): void {
    void this.request('actOnTrials', { action, trialIds });
  }

  /** Sends a request to the panel; a banner shows a refusal. */
  request<M extends Method>(
    method: M,
    params: Protocol[M]['params'],
    pendingAs: Method | PanelAction = method,
  ): Promise<void> {
    return this.requests.ask(method, params, pendingAs);
  }

  openMenu(menu: OpenMenu | undefined): void {
    this.menu = menu;
    this.invalidate();
  }

  /** Draws in the next frame. */
  invalidate(): void {
    this.clock.invalidate();
  }

  #take<E extends keyof Events>(event: E, data: Events[E]): void {
    // The event's name decides the type of its data, which the compiler can't follow.
    const told = { event, data } as { [K in keyof Events]: { event: K; data: Events[K] } }[keyof Events];
    switch (told.event) {
      case 'snapshot': {
        const { snapshot, connection, connectionId, strings, canRun, whyNotRun, selectedTrial } = told.data;
        setStrings(strings);
        this.#connectionId = connectionId;
        this.data = new ExperimentData(snapshot);
        this.connection = connection;
        this.canRun = canRun;
        this.whyNotRun = whyNotRun ?? t('Nothing can be run from here.');
        this.gone = undefined;
        if (this.#selection.begin(selectedTrial)) this.view = { ...this.view, selectedTrial };
        this.#keep();
        this.invalidate();
        break;
      }
      case 'change': {
        if (!this.data) return;
        const applied = this.data.apply(told.data.change, told.data.from);
        if (applied === 'gap') this.host.ready();
        else if (applied === 'applied') this.clock.invalidateData();
        break;
      }
      case 'connection':
        this.connection = told.data;
        this.invalidate();
        break;
      case 'select':
        if (this.#selection.follow(told.data.trialId)) this.change({ selectedTrial: told.data.trialId });
        break;
      case 'gone':
        this.gone = told.data.reason;
        this.invalidate();
        break;
    }
  }

  #announce(): void {
    if (!this.data) return;
    this.#announcer.add(this.data.takeEnded());
    const sentence = this.#announcer.next(performance.now(), this.data.summary.best?.trialId);
    if (sentence !== undefined) this.announcement = sentence;
  }

  #keep(): void {
    if (!this.data) return;
    this.host.keep(keptState(this.view, { connectionId: this.#connectionId, experimentId: this.data.summary.id }));
  }
}
