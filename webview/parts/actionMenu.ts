/** The page's menus, built from the table of user actions. */
import type { ExperimentSummary } from '../../src/model/experiment/experiment.ts';
import type { SeenTrial } from '../../src/model/trial/trial.ts';
import {
  type ActionId,
  actionIds,
  actionOf,
  isPanelAction,
  isTrialAction,
  panelPlace,
  refusalOf,
  trialRefusalOf,
} from '../../src/ui/actions.ts';
import type { MenuItem, OpenMenu } from '../controls/Menu.tsx';
import type { Page } from '../state/page.ts';
import { t } from '../strings.ts';

/** The properties of a menu item besides its words. */
interface Offer {
  id: ActionId;
  group: number;
  hides: boolean | undefined;
  refusal: string | undefined;
  run(): void;
}

/** The header's menu of the experiment. @param further the page's own items, at the end of a group */
export function experimentItems(
  page: Page,
  summary: ExperimentSummary,
  further: Readonly<Record<number, MenuItem>>,
): OpenMenu['items'] {
  const offers = actionIds.filter(isPanelAction).flatMap((id): Offer[] => {
    const place = panelPlace(id, 'experiment');
    if (place?.at !== 'menu') return [];
    const { needs } = actionOf(id);
    const refusal = needs && refusalOf(needs, summary);
    return [{ id, group: place.group, hides: place.hides, refusal, run: () => page.act(id) }];
  });
  return items(page, offers, further);
}

/** The menu items of a trial. */
export function trialItems(page: Page, summary: ExperimentSummary, row: SeenTrial): OpenMenu['items'] {
  const offers = actionIds.filter(isTrialAction).flatMap((id): Offer[] => {
    const place = panelPlace(id, 'trial');
    if (!place) return [];
    const refusal = trialRefusalOf(id, row, summary);
    return [{ id, group: place.group, hides: place.hides, refusal, run: () => page.actOnTrials(id, [row.id]) }];
  });
  return items(page, offers, {});
}

function items(page: Page, offers: readonly Offer[], further: Readonly<Record<number, MenuItem>>): OpenMenu['items'] {
  const groups = [...new Set(offers.map(({ group }) => group))].toSorted((a, b) => a - b);
  const name = page.data?.summary.name ?? '';
  const shown = groups.map((group) => {
    const made = offers
      .filter((offer) => offer.group === group && !(offer.hides && offer.refusal !== undefined))
      .map((offer) => item(page, offer, name));
    const last = further[group];
    return last ? [...made, last] : made;
  });
  return shown
    .filter((made) => made.length > 0)
    .flatMap((made, index): OpenMenu['items'] => (index === 0 ? made : ['line', ...made]));
}

function item(page: Page, { id, refusal, run }: Offer, name: string): MenuItem {
  const { title, icon = '', trust, needs } = actionOf(id);
  // Viewing is always offered; ending something needs a connection; starting something also needs trust.
  const ends = needs === 'stop' || needs === 'killTrial';
  const blocked = trust ? page.whyNotChange : ends ? page.whyLost : undefined;
  return {
    label: t(title),
    icon,
    disabled: blocked ?? (refusal === undefined ? undefined : t(refusal, name)),
    run,
  };
}
