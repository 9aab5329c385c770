/** The table of the best trials and the parameters in which they differ. */
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { formatDuration } from '../../src/model/text/format.ts';
import type { SeenTrial } from '../../src/model/trial/trial.ts';
import { Card, Empty } from '../controls/Card.tsx';
import { LinkButton } from '../controls/controls.tsx';
import { menuBelow } from '../controls/Menu.tsx';
import { textWidth } from '../controls/textWidth.ts';
import type { ExperimentData } from '../state/experimentData.ts';
import type { Page } from '../state/page.ts';
import { flatParameters, type ParameterColumn, valueText } from '../state/parameters.ts';
import { resultOf, resultText, secondsOf } from '../state/results.ts';
import { trialName } from '../state/trialStatus.ts';
import { t } from '../strings.ts';
import { ParameterMixUpMark } from './ParameterMixUpMark.tsx';
import { StatusIcon } from './StatusIcon.tsx';
import { trialContext, trialMenu } from './trialMenu.ts';

const maxTrials = 8;
/** More parameter columns would say little beside a plot, even with room. */
const maxColumns = 8;

export function TopTrials({ page, data }: { page: Page; data: ExperimentData }) {
  const top = page.derived.ranked(data).slice(0, maxTrials);
  const all = data.parameters;
  const differing = all.filter((column) => column.differs);
  // A single trial differs from nothing, but its parameters are still of interest.
  const wanted = differing.length > 0 ? differing : all;
  const box = useRef<HTMLDivElement>(null);
  const room = useWidth(box, top.length > 0);
  const columns = chooseFitting(page, wanted, top, room);
  const left = top.length > 0 ? wanted.length - columns.length : 0;
  const { focus } = page;
  return (
    <Card
      title={t('Top trials')}
      class="top"
      sentence={
        left > 0
          ? t('The best first; {0} more parameters in the table of all trials.', left)
          : t('The best first, with the parameters that differ.')
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
        <div class="scroll-x" ref={box}>
          <table class="list" data-table="top">
            <thead>
              <tr>
                <th scope="col">#</th>
                <th scope="col" class="numeric">
                  {t('metric')}
                </th>
                {columns.map(({ name, numeric }) => (
                  <th scope="col" key={name} class={numeric ? 'numeric' : ''} title={name}>
                    {shortName(name, wanted)}
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
                const seconds = secondsOf(row, page.dataNow);
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
                        <ParameterMixUpMark row={row} />
                      </button>
                    </td>
                    <td class="numeric strong">{metricText(row)}</td>
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

function metricText(row: SeenTrial): string {
  return resultText(resultOf(row, 'default')?.value ?? Number.NaN);
}

/** A column's title: the last part of a nested parameter's path if that is unique, else the whole path. */
function shortName(name: string, columns: readonly ParameterColumn[]): string {
  const last = name.slice(name.lastIndexOf('.') + 1);
  const alike = columns.filter((column) => column.name === last || column.name.endsWith(`.${last}`));
  return alike.length === 1 ? last : name;
}

/** The element's width in pixels; 0 before it is drawn. */
function useWidth(element: RefObject<HTMLElement | null>, present: boolean): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const box = element.current;
    if (!box) return;
    setWidth(box.clientWidth);
    const observer = new ResizeObserver(() => setWidth(box.clientWidth));
    observer.observe(box);
    return () => observer.disconnect();
  }, [element, present]);
  return width;
}

/** The first columns that fit completely beside number, result and time. */
function chooseFitting(page: Page, wanted: readonly ParameterColumn[], top: readonly SeenTrial[], room: number) {
  const { fontSize, fontFamily } = page.theme;
  const padding = 15;
  const wide = (texts: readonly string[]) =>
    Math.max(...texts.map((text) => textWidth(text, fontSize, fontFamily))) + padding;
  const icon = fontSize * (top.some((row) => row.recordedParameters) ? 3.6 : 1.7);
  let left = room - wide(['#', ...top.map(trialName)]) - icon - wide([t('metric'), ...top.map(metricText)]) * 1.1;
  left -= wide([t('time'), ...top.map((row) => formatDuration(secondsOf(row, page.dataNow) ?? 0))]);
  const columns: ParameterColumn[] = [];
  for (const column of wanted.slice(0, maxColumns)) {
    const values = top.map((row) => valueText(flatParameters(row.parameters).get(column.name)));
    left -= Math.min(wide([shortName(column.name, wanted), ...values]), fontSize * 14);
    if (left < 0 && columns.length > 0) break;
    columns.push(column);
  }
  return columns;
}
