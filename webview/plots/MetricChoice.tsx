/** Which entry of a dict metric is shown; nothing to choose when there is one. */
import { Dropdown } from '../controls/controls.tsx';
import type { ExperimentData } from '../state/experimentData.ts';
import type { Page } from '../state/page.ts';
import { metricTitle } from '../state/trialTable.ts';
import { t } from '../strings.ts';

export function MetricChoice({ page, data }: { page: Page; data: ExperimentData }) {
  const keys = page.derived.keys(data);
  if (keys.length < 2) return null;
  return (
    <Dropdown
      label={t('Metric')}
      value={metricKey(page, data)}
      choices={keys.map((key) => ({ value: key, label: key === 'default' ? t('default metric') : metricTitle(key) }))}
      onChange={(key) => page.change({ metricKey: key })}
    />
  );
}

/** The chosen key while it exists, else the first. */
export function metricKey(page: Page, data: ExperimentData): string {
  const keys = page.derived.keys(data);
  return keys.includes(page.view.metricKey) ? page.view.metricKey : (keys[0] ?? 'default');
}

/** In a sentence: `accuracy`, or `metric` when it has no name. */
export function keyWord(key: string): string {
  return key === 'default' ? t('metric') : key;
}
