/** The tab of all trials, with sort, filter and selection. */
import { useMemo } from 'preact/hooks';
import type { SeenTrial } from '../../src/model/trial/trial.ts';
import { Empty } from '../controls/Card.tsx';
import { Dropdown, LinkButton, TextField } from '../controls/controls.tsx';
import { Grid, type GridColumn } from '../controls/Grid.tsx';
import { menuBelow } from '../controls/Menu.tsx';
import type { ExperimentData } from '../state/experimentData.ts';
import type { Page } from '../state/page.ts';
import { resultOf } from '../state/results.ts';
import { countKinds, kindWord, type StatusKind, statusKinds, trialName } from '../state/trialStatus.ts';
import type { TrialColumn } from '../state/trialTable.ts';
import { plural, t } from '../strings.ts';
import { ParameterMixUpMark } from './ParameterMixUpMark.tsx';
import { StatusIcon } from './StatusIcon.tsx';
import { TrialDetail } from './TrialDetail.tsx';
import { trialContext, trialMenu } from './trialMenu.ts';

const newestFirst = { column: '#', descending: true };

export function TrialsTab({ page, data }: { page: Page; data: ExperimentData }) {
  const { view, derived } = page;
  const columns = derived.columns(data);
  const sort = view.sort && columns.some(({ id }) => id === view.sort?.column) ? view.sort : newestFirst;
  const column = columns.find(({ id }) => id === sort.column);
  const filtered = derived.filtered(data, view.filter.text, view.filter.status);
  const rows = column ? derived.sorted(filtered, column, sort, page.dataNow) : filtered;
  const gridColumns = useMemo(() => columns.map((one) => gridColumn(one, page)), [columns, page]);
  const counts = countKinds(data.summary);
  const selected = view.selectedTrial !== null && data.rows.has(view.selectedTrial);

  if (data.rows.size === 0) {
    return (
      <div class="trials">
        <Empty icon="list-unordered">{t('Each trial gets a row here when the tuner has picked its parameters.')}</Empty>
      </div>
    );
  }
  return (
    <div class={`trials ${selected ? 'with-detail' : ''}`}>
      <div class="trials-table">
        <div class="filters">
          <TextField
            label={t('Filter trials')}
            placeholder={t('Filter: number, parameter=value, message…')}
            value={view.filter.text}
            onInput={(text) => page.change({ filter: { ...view.filter, text } })}
          />
          <Dropdown
            label={t('State')}
            value={view.filter.status}
            choices={[
              { value: 'all', label: t('all states') },
              ...statusKinds
                .filter((kind) => counts[kind] > 0 || view.filter.status === kind)
                .map((kind) => ({ value: kind, label: `${kindWord(kind)} ${counts[kind]}` })),
            ]}
            onChange={(status) => page.change({ filter: { ...view.filter, status: status as StatusKind | 'all' } })}
          />
          <span class="muted count" role="status">
            {rows.length === data.rows.size
              ? plural(rows.length, '1 trial', '{0} trials')
              : t('{0} of {1} trials', rows.length, data.rows.size)}
          </span>
        </div>
        {rows.length === 0 ? (
          <Empty icon="filter">
            {t('No trial fits the filter.')}{' '}
            <LinkButton onClick={() => page.change({ filter: { text: '', status: 'all' } })}>
              {t('Show all')}
            </LinkButton>
          </Empty>
        ) : (
          <Grid
            name="trials"
            label={t('Trials')}
            columns={gridColumns}
            rows={rows}
            rowId={(row) => row.id}
            selected={view.selectedTrial}
            onSelect={(row) => page.select(row.id)}
            sort={sort}
            onSort={(id) => page.change({ sort: nextSort(sort, id) })}
            menuLabel={t('Actions')}
            onMenu={(row, event) =>
              page.openMenu(menuBelow(event, t('Trial {0}', trialName(row)), trialMenu(page, row)))
            }
            context={(row) => trialContext(page, row)}
            fontSize={page.theme.fontSize}
            fontFamily={page.theme.fontFamily}
          />
        )}
      </div>
      {selected && <TrialDetail page={page} data={data} />}
    </div>
  );
}

function nextSort(sort: { column: string; descending: boolean }, column: string) {
  return { column, descending: sort.column === column ? !sort.descending : false };
}

function gridColumn(column: TrialColumn, page: Page): GridColumn<SeenTrial> {
  const text = (row: SeenTrial) => column.text(row, page.dataNow);
  const base = { id: column.id, title: column.title, numeric: column.numeric, sortable: true, text };
  if (column.id === 'status') {
    const cell = (row: SeenTrial) => (
      <>
        <StatusIcon status={row.status} words />
        <ParameterMixUpMark row={row} words />
      </>
    );
    return { ...base, extra: (row) => (row.recordedParameters ? 44 : 22), cell };
  }
  if (column.id.startsWith('metric:')) {
    const key = column.id.slice('metric:'.length);
    return {
      ...base,
      // Mark intermediate values.
      cell: (row) => (
        <span class={resultOf(row, key)?.final === false ? 'cell-text not-final' : 'cell-text'}>{text(row)}</span>
      ),
    };
  }
  return ['steps', 'duration', 'started', 'message'].includes(column.id) ? { ...base, muted: true } : base;
}
