/** The tab with the search space and the config, read-only. */
import { userActions } from '../../src/ui/actions.ts';
import { Card, Empty } from '../controls/Card.tsx';
import { Button } from '../controls/controls.tsx';
import { configLines } from '../state/configText.ts';
import type { ExperimentData } from '../state/experimentData.ts';
import { memoLast } from '../state/memo.ts';
import type { Page } from '../state/page.ts';
import { spaceLines } from '../state/spaceTable.ts';
import { t } from '../strings.ts';

const spaceOf = memoLast((config: ExperimentData['config']) => spaceLines(config.searchSpace));
const linesOf = memoLast((config: ExperimentData['config']) => configLines(config, ['searchSpace']));

export function ConfigTab({ page, data }: { page: Page; data: ExperimentData }) {
  const space = spaceOf(data.config);
  return (
    <div class="config-tab">
      <Card title={t('Search space')} class="space" sentence={t('What the tuner may choose for each parameter.')}>
        {space.length === 0 ? (
          <Empty icon="symbol-parameter">{t('This experiment has no search space.')}</Empty>
        ) : (
          <div class="scroll-x">
            <table class="list space-table">
              <thead>
                <tr>
                  <th scope="col">{t('parameter')}</th>
                  <th scope="col">{t('type')}</th>
                  <th scope="col">{t('values')}</th>
                </tr>
              </thead>
              <tbody>
                {space.map(({ depth, name, type, values }, index) => (
                  <tr key={index} class={type === '' && values === '' ? 'branch' : ''}>
                    <th scope="row" style={{ paddingInlineStart: `${8 + depth * 16}px` }}>
                      {name}
                    </th>
                    <td class="muted">{type}</td>
                    <td class="values-cell">{values}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Card>
      <Card
        title={t('Config')}
        class="config"
        sentence={data.summary.configFile ?? data.summary.directory}
        controls={
          <Button icon="go-to-file" label={t(userActions.openConfig.title)} onClick={() => page.act('openConfig')} />
        }
      >
        <pre class="config-text">
          {linesOf(data.config).map(({ depth, key, value }, index) => (
            <div key={index} style={{ paddingInlineStart: `${depth * 2}ch` }}>
              <span class="config-key">{key === '-' ? '-' : `${key}:`}</span> {value}
            </div>
          ))}
        </pre>
      </Card>
    </div>
  );
}
