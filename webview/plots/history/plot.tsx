/** The history plot: what each trial came to, and the best so far. */
import { useMemo, useState } from 'preact/hooks';
import { endedTrials } from '../../../src/model/experiment/experimentPhase.ts';
import { formatNumber } from '../../../src/model/text/format.ts';
import type { SeenTrial } from '../../../src/model/trial/trial.ts';
import { Card, Empty } from '../../controls/Card.tsx';
import { Button, IconButton } from '../../controls/controls.tsx';
import { Grid, type GridColumn } from '../../controls/Grid.tsx';
import { KeyChoice, keyWord, metricKey } from '../../parts/KeyChoice.tsx';
import { numberLine, TrialHover } from '../../parts/TrialHover.tsx';
import type { ExperimentData } from '../../state/experimentData.ts';
import type { Page } from '../../state/page.ts';
import { resultOf, resultText } from '../../state/results.ts';
import { kindWord, type StatusKind, statusKinds, statusWord, trialName } from '../../state/trialStatus.ts';
import { plural, t } from '../../strings.ts';
import type { Target } from '../nearest.ts';
import { Plot } from '../Plot.tsx';
import { historyOption, shapeOf } from './option.ts';
import type { History } from './shape.ts';

export function HistoryCard({ page, data }: { page: Page; data: ExperimentData }) {
  const [asTable, setAsTable] = useState(false);
  const key = metricKey(page, data);
  const history = page.derived.history(data, key);
  const count = history.groups.reduce((sum, group) => sum + group.points.length, 0);
  const logScale = page.view.historyLog && history.positive;
  const { theme, focus } = page;
  const option = useMemo(() => historyOption(history, theme, { logScale, focus }), [history, theme, logScale, focus]);
  const targets = useMemo((): Target[] => [...history.groups, { ...history.withoutValue, bottom: true }], [history]);
  const has = count > 0;

  return (
    <Card
      title={t('History')}
      class="history"
      sentence={
        <>
          {history.best.length > 0
            ? t('Final {0} of each trial, and the best so far.', keyWord(key))
            : t('Final {0} of each trial.', keyWord(key))}
          <Legend history={history} />
          {history.notFinite > 0 && <NotFinite count={history.notFinite} />}
        </>
      }
      controls={
        has && (
          <>
            <KeyChoice page={page} data={data} />
            <LogButton
              pressed={logScale}
              possible={history.positive}
              onClick={() => page.change({ historyLog: !page.view.historyLog })}
            />
            <TableButton asTable={asTable} onClick={() => setAsTable(!asTable)} />
          </>
        )
      }
    >
      {!has ? (
        <Empty icon="graph-scatter">{emptyText(history, data)}</Empty>
      ) : asTable ? (
        <HistoryTable page={page} data={data} metric={key} />
      ) : (
        <Plot
          page={page}
          name="history"
          summary={historySummary(history, count, keyWord(key), data)}
          option={option}
          targets={targets}
          points={count + history.withoutValue.points.length}
          trials={data.rows.size}
          logScale={logScale}
          hover={({ id }) => {
            const row = data.rows.get(id);
            return row && <TrialHover row={row} lines={resultLines(row, key)} />;
          }}
          onPick={(id) => page.select(id)}
        />
      )}
    </Card>
  );
}

function emptyText(history: History, data: ExperimentData): string {
  const failed = history.withoutValue.points.length;
  if (history.notFinite > 0) return t('No trial has reported a finite number yet.');
  if (failed > 0) {
    return plural(
      failed,
      'No trial has reported a number yet; 1 failed without one.',
      'No trial has reported a number yet; {0} failed without one.',
    );
  }
  if (endedTrials(data.summary) > 0) {
    return t('No trial has reported a number yet. What was reported as text is in the table of trials.');
  }
  return t('Each trial puts a point here when it reports a result. The first is still on its way.');
}

function resultLines(row: SeenTrial, key: string): [string, string][] {
  const result = resultOf(row, key);
  if (!result) return [];
  return [numberLine(result.final ? keyWord(key) : t('{0}, not final', keyWord(key)), result.value)];
}

function Legend({ history }: { history: History }) {
  const kinds = statusKinds.filter(
    (kind) =>
      history.groups.some((group) => group.kind === kind) ||
      (kind === 'failed' && history.withoutValue.points.length > 0),
  );
  if (kinds.length < 2) return null;
  return (
    <span class="legend">
      {kinds.map((kind) => (
        <span key={kind}>
          <span class={`tone-${kind}`} aria-hidden="true">
            {shapeOf(kind, countOf(history, kind)).sign}
          </span>{' '}
          {kind === 'failed' && history.withoutValue.points.length > 0 ? t('failed, without a result') : kindWord(kind)}
        </span>
      ))}
    </span>
  );
}

function countOf(history: History, kind: StatusKind): number {
  return history.groups.find((group) => group.kind === kind)?.points.length ?? 0;
}

export function NotFinite({ count }: { count: number }) {
  return <span class="note-line">{plural(count, '1 value is not finite.', '{0} values are not finite.')}</span>;
}

export function LogButton(props: { pressed: boolean; possible: boolean; onClick(): void }) {
  return (
    <Button
      label={t('log')}
      title={props.possible ? t('Logarithmic axis') : t('A logarithmic axis needs values above zero; some are not.')}
      pressed={props.pressed}
      disabled={!props.possible}
      onClick={props.onClick}
      class="word toggle"
    />
  );
}

export function TableButton({ asTable, onClick }: { asTable: boolean; onClick(): void }) {
  return (
    <IconButton
      icon={asTable ? 'graph-line' : 'table'}
      label={asTable ? t('Show as plot') : t('Show as table')}
      onClick={onClick}
    />
  );
}

function historySummary(history: History, count: number, word: string, data: ExperimentData): string {
  const parts = [plural(count, 'History of 1 trial', 'History of {0} trials')];
  if (history.range) {
    const [low, high] = history.range;
    parts.push(t('{0} between {1} and {2}', word, formatNumber(low), formatNumber(high)));
  }
  const { best } = data.summary;
  if (best && history.best.length > 0)
    parts.push(t('the best is {0} by trial {1}', formatNumber(best.value), best.trialNumber));
  const without = history.withoutValue.points.length;
  if (without > 0) parts.push(plural(without, '1 failed without a result', '{0} failed without a result'));
  return `${parts.join('; ')}.`;
}

function HistoryTable({ page, data, metric }: { page: Page; data: ExperimentData; metric: string }) {
  const columns = useMemo(
    (): GridColumn<SeenTrial>[] => [
      { id: '#', title: t('trial'), numeric: true, text: trialName },
      { id: 'status', title: t('status'), numeric: false, text: (row) => statusWord(row.status) },
      {
        id: 'value',
        title: keyWord(metric),
        numeric: true,
        text: (row) => {
          const result = resultOf(row, metric);
          return result ? resultText(result.value) : '';
        },
      },
    ],
    [metric],
  );
  const rows = page.derived.filtered(data, '', 'all');
  return (
    <div class="plot-table">
      <Grid
        name="history-table"
        label={t('History as a table')}
        columns={columns}
        rows={rows}
        rowId={(row) => row.id}
        selected={page.view.selectedTrial}
        onSelect={(row) => page.select(row.id)}
        fontSize={page.theme.fontSize}
        fontFamily={page.theme.fontFamily}
      />
    </div>
  );
}
