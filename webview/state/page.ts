/** The page's one source of truth: data, connection, what is chosen; and when to draw. */

import { isTicking } from '../../src/model/experiment/experimentPhase.ts';
import { messageOf } from '../../src/model/text/messageOf.ts';
import type {
  ConnectionView,
  Events,
  Method,
  PageState,
  PanelAction,
  Requests,
  TrialAction,
} from '../../src/protocol.ts';
import type { OpenMenu } from '../controls/Menu.tsx';
import type { CurveMode } from '../plots/curves/choice.ts';
import { setStrings, t } from '../strings.ts';
import { Announcer } from './announcer.ts';
import { Derived } from './derived.ts';
import { ExperimentData } from './experimentData.ts';
import type { Host } from './host.ts';
import { Selection } from './selection.ts';
import { type Theme, watchTheme } from './theme.ts';
import type { StatusKind } from './trialStatus.ts';
import type { Sort } from './trialTable.ts';

export type Tab = PageState['tab'];

/** What a person has chosen to see; kept over reloads. */
export interface View {
  tab: Tab;
  selectedTrial: string | null;
  metricKey: string;
  sort: Sort | null;
  curves: { count: number; logScale: boolean; mode: CurveMode };
  historyLog: boolean;
  filter: { text: string; status: StatusKind | 'all' };
}

const startView: View = {
  tab: 'overview',
  selectedTrial: null,
  metricKey: 'default',
  sort: null,
  curves: { count: 8, logScale: false, mode: 'top' },
  historyLog: false,
  filter: { text: '', status: 'all' },
};

/** Above so many plotted points the page redraws at most every {@link largePause} milliseconds for new data. */
const largePoints = 4000;
const largePause = 100;

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
  /** Requests and actions under way. */
  readonly pending = new Set<Method | PanelAction>();
  /** Why the last request was refused. */
  refusal: string | undefined;
  menu: OpenMenu | undefined;
  announcement = '';
  /** Milliseconds, the time that all parts of one drawing agree on. */
  now = Date.now();
  /** How many points the plots in sight hold; each plot tells its own. */
  readonly plotted = new Map<string, number>();
  readonly #draw: () => void;
  readonly #announcer = new Announcer();
  #connectionId = '';
  #frame: number | undefined;
  #timer: number | undefined;
  #lastDraw = 0;
  readonly #selection: Selection;
  readonly #started = Date.now();

  constructor(host: Host, draw: () => void) {
    this.host = host;
    this.#draw = draw;
    const kept = host.restore();
    if (kept) {
      this.#connectionId = kept.connectionId;
      this.view = {
        ...startView,
        tab: kept.tab,
        selectedTrial: kept.selectedTrial,
        metricKey: kept.metricKey,
        sort: kept.sort,
        curves: { ...startView.curves, ...kept.curves },
        historyLog: kept.history?.logScale ?? false,
        filter: { ...startView.filter, ...(kept.filter as Partial<View['filter']> | undefined) },
      };
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
    this.#tick();
  }

  get connectionId(): string {
    return this.#connectionId;
  }

  /** The time that numbers about running things are for: without a connection, that of the last one. */
  get dataNow(): number {
    return this.connection.state === 'lost' ? Math.min(this.now, this.connection.since) : this.now;
  }

  /** Why nothing can be asked of the experiment now; undefined when something can. */
  get whyLost(): string | undefined {
    return this.connection.state === 'connected' ? undefined : t('There is no connection to the experiment.');
  }

  /** Why nothing can be started or changed now; undefined when something can. */
  get whyNotChange(): string | undefined {
    return this.canRun ? this.whyLost : this.whyNotRun;
  }

  /** The trial that plots and details are about: the picked one, else the best, else the first that runs. */
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

  /** Whole seconds since the page began to wait; for telling that it takes long. */
  get waited(): number {
    return Math.floor((this.now - this.#started) / 1000);
  }

  change(view: Partial<View>): void {
    this.view = { ...this.view, ...view };
    this.#keep();
    this.invalidate();
  }

  select(trialId: string | null): void {
    if (this.#selection.pick(trialId)) this.change({ selectedTrial: trialId });
  }

  /** Runs a user action about the experiment. */
  act(action: PanelAction): void {
    void this.request('act', { action }, action);
  }

  /** Runs a user action about trials of the experiment. */
  actOnTrials(action: TrialAction, trialIds: string[]): void {
    void this.request('actOnTrials', { action, trialIds });
  }

  /** Asks the panel; a refusal is shown at the top of the page. */
  async request<M extends Method>(
    method: M,
    params: Requests[M]['params'],
    pendingAs: Method | PanelAction = method,
  ): Promise<void> {
    this.pending.add(pendingAs);
    this.invalidate();
    try {
      await this.host.request(method, params);
      this.refusal = undefined;
    } catch (error) {
      this.refusal = messageOf(error);
    } finally {
      this.pending.delete(pendingAs);
      this.invalidate();
    }
  }

  dismissRefusal(): void {
    this.refusal = undefined;
    this.invalidate();
  }

  openMenu(menu: OpenMenu | undefined): void {
    this.menu = menu;
    this.invalidate();
  }

  /** Draws in the next frame. */
  invalidate(): void {
    window.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#lastDraw = performance.now();
      this.now = Date.now();
      this.#draw();
    });
  }

  /** Draws new data: in the next frame, or a little later when drawing it is much work. */
  #invalidateData(): void {
    if (this.#frame !== undefined || this.#timer !== undefined) return;
    let points = 0;
    for (const count of this.plotted.values()) points += count;
    const wait = points > largePoints ? this.#lastDraw + largePause - performance.now() : 0;
    if (wait <= 0) this.invalidate();
    else this.#timer = window.setTimeout(() => this.invalidate(), wait);
  }

  #take<E extends keyof Events>(event: E, data: Events[E]): void {
    // The event's name decides the type of its data, which the compiler does not follow.
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
        else if (applied === 'applied') this.#invalidateData();
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

  /** Once a second while a clock on the page runs, else now and then for `2 min ago`. */
  #tick(): void {
    const running = !this.data || isTicking(this.data.summary);
    window.setTimeout(
      () => {
        this.#announce();
        this.invalidate();
        this.#tick();
      },
      running ? 1000 - (Date.now() % 1000) : 15_000,
    );
  }

  #announce(): void {
    if (!this.data) return;
    this.#announcer.add(this.data.takeEnded());
    const sentence = this.#announcer.next(performance.now(), this.data.summary.best?.trialId);
    if (sentence !== undefined) this.announcement = sentence;
  }

  #keep(): void {
    if (!this.data) return;
    const { tab, selectedTrial, metricKey, sort, curves, historyLog, filter } = this.view;
    this.host.keep({
      version: 1,
      connectionId: this.#connectionId,
      experimentId: this.data.summary.id,
      tab,
      selectedTrial,
      metricKey,
      sort,
      curves,
      history: { logScale: historyLog },
      filter,
    });
  }
}
