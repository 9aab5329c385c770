/** The best trials, with what tells them apart. */
import { formatDuration, formatNumber } from '../../src/model/format.ts';
import { LinkButton } from '../controls.tsx';
import type { ExperimentData } from '../data/experimentData.ts';
import { flatParameters, valueText } from '../data/parameters.ts';
import { resultOf, secondsOf } from '../data/results.ts';
import { trialName } from '../data/trialStatus.ts';
import type { Page } from '../page.ts';
import { t } from '../strings.ts';
import { Card, Empty } from './Card.tsx';
import { menuBelow } from './Menu.tsx';
import { StatusIcon } from './StatusIcon.tsx';
import { trialContext, trialMenu } from './trialMenu.ts';

const shown = 8;
/** More columns would not fit beside a plot. */
const mostColumns = 6;

export function TopTrials({ page, data }: { page: Page; data: ExperimentData }) {
  const top = page.derived.ranked(data).slice(0, shown);
  const all = page.derived.parameters(data);
  const differing = all.filter((column) => column.differs);
  // With a single trial nothing differs yet, but its parameters are still of interest.
  const columns = (differing.length > 0 ? differing : all).slice(0, mostColumns);
  const left = (differing.length > 0 ? differing : all).length - columns.length;
  const { focus } = page;
  return (
    <Card
      title={t('Top trials')}
      class="top"
      sentence={
        left > 0
          ? t('Only parameters that differ; {0} more in the table of all trials.', left)
          : t('Only parameters that differ.')
      }
      controls={
        data.rows.size > 0 && (
          <LinkButton onClick={() => page.change({ tab: 'trials' })} label={t('Show all {0} trials', data.rows.size)}>
            {t('all {0}', data.rows.size)}
          </LinkButton>
        )
      }
    >
      {top.length === 0 ? (
        <Empty icon="list-ordered">{t('The best trials stand here as soon as some have ended with a result.')}</Empty>
      ) : (
        <div class="scroll-x">
          <table class="list" data-table="top">
            <thead>
              <tr>
                <th scope="col">#</th>
                <th scope="col" class="numeric">
                  {t('metric')}
                </th>
                {columns.map(({ name, numeric }) => (
                  <th scope="col" key={name} class={numeric ? 'numeric' : ''} title={name}>
                    {name}
                  </th>
                ))}
                <th scope="col" class="numeric">
                  {t('time')}
                </th>
              </tr>
            </thead>
            <tbody>
              {top.map((row) => {
                const flat = flatParameters(row.parameters);
                const seconds = secondsOf(row, page.now);
                return (
                  <tr
                    key={row.id}
                    class={row.id === focus ? 'selected' : ''}
                    data-row={row.id}
                    data-vscode-context={trialContext(page, row)}
                    onClick={() => page.select(row.id)}
                  >
                    <td>
                      <button
                        type="button"
                        class="row-button"
                        aria-pressed={page.view.selectedTrial === row.id}
                        aria-label={t('Trial {0}', trialName(row))}
                        onKeyDown={(event) => {
                          if (event.key !== 'F10' || !event.shiftKey) return;
                          event.preventDefault();
                          page.openMenu({
                            ...menuBelow(
                              event as unknown as MouseEvent,
                              t('Trial {0}', trialName(row)),
                              trialMenu(page, row),
                            ),
                          });
                        }}
                      >
                        <StatusIcon status={row.status} />
                        {trialName(row)}
                      </button>
                    </td>
                    <td class="numeric strong">{formatNumber(resultOf(row, 'default')?.value ?? Number.NaN)}</td>
                    {columns.map(({ name, numeric }) => {
                      const text = valueText(flat.get(name));
                      return (
                        <td key={name} class={numeric ? 'numeric' : ''} title={text}>
                          {text}
                        </td>
                      );
                    })}
                    <td class="numeric">{seconds === undefined ? '' : formatDuration(seconds)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
