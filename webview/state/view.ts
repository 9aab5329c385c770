/** The user's view choices, stored across reloads of the page. */
import type { PageState } from '../../src/protocol.ts';
import type { CurveMode } from '../plots/curves/choice.ts';
import type { StatusKind } from './trialStatus.ts';
import type { Sort } from './trialTable.ts';

export type Tab = PageState['tab'];

export interface View {
  tab: Tab;
  selectedTrial: string | null;
  metricKey: string;
  sort: Sort | null;
  curves: { count: number; logScale: boolean; mode: CurveMode };
  historyLog: boolean;
  filter: { text: string; status: StatusKind | 'all' };
}

export const startView: View = {
  tab: 'overview',
  selectedTrial: null,
  metricKey: 'default',
  sort: null,
  curves: { count: 8, logScale: false, mode: 'top' },
  historyLog: false,
  filter: { text: '', status: 'all' },
};

/** Restores the view that an earlier page stored; missing choices get their defaults. */
export function restoredView(kept: PageState): View {
  return {
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

/** The state to store: the view, and the experiment's identity. */
export function keptState(view: View, experiment: { connectionId: string; experimentId: string }): PageState {
  const { tab, selectedTrial, metricKey, sort, curves, historyLog, filter } = view;
  const history = { logScale: historyLog };
  return { version: 1, ...experiment, tab, selectedTrial, metricKey, sort, curves, history, filter };
}
