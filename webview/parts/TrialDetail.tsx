/** The details of one trial. */
import { Fragment } from 'preact';
import { useMemo } from 'preact/hooks';
import { formatDuration, formatNumber } from '../../src/model/text/format.ts';
import { decodeMetric } from '../../src/model/trial/metric.ts';
import type { SeenTrial } from '../../src/model/trial/trial.ts';
import { Card, Empty } from '../controls/Card.tsx';
import { IconButton } from '../controls/controls.tsx';
import { menuBelow } from '../controls/Menu.tsx';
import { curvesOption } from '../plots/curves/option.ts';
import { keyWord, metricKey } from '../plots/MetricSelect.tsx';
import { Plot } from '../plots/Plot.tsx';
import { NotFinite } from '../plots/PlotCard.tsx';
import type { ExperimentData } from '../state/experimentData.ts';
import type { Page } from '../state/page.ts';
import { flatParameters, placeInTree, valueText } from '../state/parameters.ts';
import { secondsOf } from '../state/results.ts';
import { statusWord, trialName } from '../state/trialStatus.ts';
import { clockTime, fullTime, plural, t } from '../strings.ts';
import { ParameterMixUp, ParameterMixUpMark } from './ParameterMixUpMark.tsx';
import { StatusIcon } from './StatusIcon.tsx';
import { numberLine, TrialHover } from './TrialHover.tsx';
import { TrialLog } from './TrialLog.tsx';
import { trialMenu } from './trialMenu.ts';

export function TrialDetail({
  page,
  data,
  withCurve = true,
}: {
  page: Page;
  data: ExperimentData;
  withCurve?: boolean;
}) {
  const id = page.focus;
  const row = id === undefined ? undefined : data.rows.get(id);
  if (!row) {
    return (
      <Card title={t('Trial')} class="detail" sentence={t('Parameters, curve and log of one trial.')}>
        <Empty icon="list-selection">{t('Select a trial in a plot or table, and it is shown here.')}</Empty>
      </Card>
    );
  }
  const selected = page.view.selectedTrial === row.id;
  const best = row.id === data.summary.best?.trialId;
  const name = t('Trial {0}', trialName(row));
  return (
    <Card
      class="detail"
      title={
        <>
          {name} <StatusIcon status={row.status} words />
          <ParameterMixUpMark row={row} words />
          {best && <span class="best-mark">★ {t('best so far')}</span>}
        </>
      }
      sentence={<Times page={page} row={row} />}
      controls={
        <>
          <IconButton
            icon="ellipsis"
            label={t('Actions of trial {0}', trialName(row))}
            expanded={page.menu?.label === name}
            onClick={(event) => page.openMenu(menuBelow(event, name, trialMenu(page, row)))}
          />
          {selected && <IconButton icon="close" label={t('Select no trial')} onClick={() => page.select(null)} />}
        </>
      }
    >
      <div class="detail-body" data-trial={row.id}>
        {row.message && (
          <p class={`message tone-text-${row.status === 'FAILED' ? 'failed' : 'plain'}`}>{row.message}</p>
        )}
        <ParameterMixUp row={row} />
        <div class={hasLongTexts(row) ? 'detail-columns long' : 'detail-columns'}>
          <Values row={row} />
          {withCurve && <OwnCurve page={page} data={data} row={row} />}
        </div>
        <TrialLog page={page} row={row} />
      </div>
    </Card>
  );
}

function Times({ page, row }: { page: Page; row: SeenTrial }) {
  const seconds = secondsOf(row, page.dataNow);
  const parts: string[] = [];
  if (row.startTime === undefined) parts.push(t('not started'));
  else parts.push(t('started {0}', clockTime(row.startTime, page.now)));
  if (seconds !== undefined) {
    const duration = formatDuration(seconds);
    parts.push(row.status === 'RUNNING' ? t('for {0}', duration) : t('took {0}', duration));
  }
  if (row.intermediates > 0) parts.push(plural(row.intermediates, '1 step', '{0} steps'));
  if (row.source === 'customized') parts.push(t('added by hand'));
  return (
    <span title={row.startTime === undefined ? '' : fullTime(row.startTime)}>
      {parts.join(' · ')}
      <span class="id"> · {row.id}</span>
    </span>
  );
}

/** Whether names or values would wrap into many lines beside the curve. */
function hasLongTexts(row: SeenTrial): boolean {
  const flat = flatParameters(row.parameters);
  for (const [name, value] of flat) {
    if (placeInTree(name, flat).label.length > 20 || valueText(value).length > 24) return true;
  }
  return false;
}

/** Results first, then parameters. */
function Values({ row }: { row: SeenTrial }) {
  const results: [string, string][] = [];
  if (row.final !== undefined) results.push(...metricLines(t('final'), row.final));
  else if (row.latest) results.push(...metricLines(t('step {0}', row.latest.sequence), row.latest.data));
  const flat = flatParameters(row.parameters);
  const parameters = [...flat];
  if (results.length === 0 && parameters.length === 0) {
    return <p class="muted">{t('No parameters: the trial has not asked for any.')}</p>;
  }
  return (
    <dl class="values">
      {results.map(([name, value]) => (
        <Fragment key={`result ${name}`}>
          <dt>{name}</dt>
          <dd class="result">{value}</dd>
        </Fragment>
      ))}
      {parameters.map(([name, value]) => {
        const { depth, label } = placeInTree(name, flat);
        return (
          <Fragment key={name}>
            <dt title={name} style={{ paddingInlineStart: `${Math.min(depth, 4) * 12}px` }}>
              {label}
            </dt>
            <dd title={typeof value === 'number' ? String(value) : ''}>{valueText(value)}</dd>
          </Fragment>
        );
      })}
    </dl>
  );
}

function metricLines(name: string, text: string): [string, string][] {
  const entries = Object.entries(decodeMetric(text).entries);
  const [first] = entries;
  if (!first) return [[name, text.length > 300 ? `${text.slice(0, 300)}…` : text]];
  if (entries.length === 1) return [[name, formatNumber(first[1])]];
  return entries.map(([key, value]) => [key === 'default' ? name : `${name} ${key}`, formatNumber(value)]);
}

function OwnCurve({ page, data, row }: { page: Page; data: ExperimentData; row: SeenTrial }) {
  const key = metricKey(page, data);
  const curve = data.curves.get(row.id)?.points(key);
  const { theme } = page;
  const { status } = row;
  const option = useMemo(
    () => (curve ? curvesOption([{ row, slot: 0, curve }], theme, false, 3) : {}),
    [curve, theme, status],
  );
  const targets = useMemo(() => (curve ? [{ id: row.id, points: curve.points }] : []), [curve, row.id]);
  if (!curve || curve.points.length === 0) {
    if (curve && curve.notFinite > 0) return <NotFinite count={curve.notFinite} />;
    return null;
  }
  return (
    <div class="own-curve">
      <Plot
        key={row.id}
        page={page}
        name="trial-curve"
        summary={t(
          'Learning curve of trial {0}, {1}: {2} from {3} to {4}.',
          trialName(row),
          statusWord(status),
          keyWord(key),
          formatNumber(curve.points[0]?.[1] ?? Number.NaN),
          formatNumber(curve.points.at(-1)?.[1] ?? Number.NaN),
        )}
        option={option}
        targets={targets}
        points={curve.points.length}
        trials={1}
        logScale={false}
        hover={({ point }) => (
          <TrialHover
            row={{ ...row, parameters: {} }}
            lines={[numberLine(t('{0} at step {1}', keyWord(key), point[0]), point[1])]}
          />
        )}
        onPick={() => {}}
      />
      {curve.notFinite > 0 && <NotFinite count={curve.notFinite} />}
    </div>
  );
}
