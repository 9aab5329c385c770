/** The select for the shown entry of a dict metric; absent with a single entry. */
import { Dropdown } from '../controls/controls.tsx';
import type { ExperimentData } from '../state/experimentData.ts';
import type { Page } from '../state/page.ts';
import { metricTitle } from '../state/trialTable.ts';
import { t } from '../strings.ts';

export function MetricSelect({ page, data }: { page: Page; data: ExperimentData }) {
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

/** The metric's name in a sentence: `accuracy`, or `metric` for the default one. */
export function keyWord(key: string): string {
  return key === 'default' ? t('metric') : key;
}
