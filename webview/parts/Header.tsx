/** The first line: what it is, how it is doing, and what one can do. */
import { canDo, type ExperimentAction } from '../../src/model/experiment/actions.ts';
import { experimentPhase, phaseShapes } from '../../src/model/experiment/experimentPhase.ts';
import type { PanelAction } from '../../src/protocol.ts';
import { Button, Icon, IconButton } from '../controls.tsx';
import type { ExperimentData } from '../data/experimentData.ts';
import { phaseWord } from '../data/phaseWord.ts';
import type { Page } from '../page.ts';
import { clockTime, fullTime, t } from '../strings.ts';
import { menuBelow, type OpenMenu } from './Menu.tsx';

export function Header({ page, data }: { page: Page; data: ExperimentData }) {
  const { summary } = data;
  const { whyLost: lost } = page;
  const viewed = summary.status === 'VIEWED';
  const { nni, address } = page.connection;
  const engine = nni === undefined ? t('run by NNI') : t('run by NNI {0}', nni);
  const facts = [
    summary.tuner,
    summary.assessor,
    summary.platform,
    summary.engine === 'nni' ? engine : undefined,
    address?.replace(/^https?:\/\//, ''),
  ];
  return (
    <header class="header">
      <Icon name="beaker" class="logo" />
      <h1 title={summary.name}>{summary.name || summary.id}</h1>
      {summary.name !== summary.id && (
        <span class="id" title={t('Experiment id')}>
          {summary.id}
        </span>
      )}
      <StatusChip page={page} data={data} />
      <span class="facts" title={facts.filter(Boolean).join(' · ')}>
        {facts.filter(Boolean).join(' · ')}
        {summary.startTime !== undefined && (
          <span title={fullTime(summary.startTime)}> · {t('since {0}', clockTime(summary.startTime, page.now))}</span>
        )}
      </span>
      <div class="actions" role="toolbar" aria-label={t('Experiment')}>
        {canDo(summary, 'stop') && (
          <Button
            label={viewed ? t('Stop Viewing') : t('Stop')}
            icon="debug-stop"
            disabled={lost !== undefined || page.pending.has('stopExperiment')}
            title={
              lost ??
              (viewed
                ? t('End the process that shows the experiment; its results are kept')
                : t('Stop the experiment; its results are kept'))
            }
            onClick={() => void page.request('stopExperiment', null)}
          />
        )}
        {canDo(summary, 'resume') && <ResumeButton page={page} />}
        <IconButton
          icon="export"
          label={t('Export Results…')}
          onClick={() => void page.request('exportTrials', null)}
        />
        <IconButton icon="go-to-file" label={t('Open Config')} onClick={() => void page.request('openConfig', null)} />
        <IconButton
          icon="ellipsis"
          label={t('More Actions…')}
          expanded={page.menu?.label === t('Experiment')}
          onClick={(event) => page.openMenu(menuBelow(event, t('Experiment'), moreItems(page, data)))}
        />
      </div>
    </header>
  );
}

export function ResumeButton({ page, appearance = 'icon' }: { page: Page; appearance?: 'primary' | 'icon' }) {
  const { whyNotChange } = page;
  return (
    <Button
      appearance={appearance}
      label={t('Resume')}
      {...(appearance === 'icon' ? { icon: 'debug-continue' } : {})}
      disabled={whyNotChange !== undefined || page.pending.has('resumeExperiment')}
      title={whyNotChange ?? t('Go on where the experiment stopped')}
      onClick={() => void page.request('resumeExperiment', null)}
    />
  );
}

function StatusChip({ page, data }: { page: Page; data: ExperimentData }) {
  const phase = experimentPhase(data.summary);
  const { icon, tone } = phaseShapes[phase];
  return (
    <span class={`chip tone-${tone}`} data-phase={phase}>
      <Icon name={icon} spin={icon === 'loading' && page.whyLost === undefined} />
      {phaseWord(phase)}
    </span>
  );
}

function moreItems(page: Page, data: ExperimentData): OpenMenu['items'] {
  const { summary } = data;
  const not = (action: ExperimentAction, why = t('The experiment is not running.')) => {
    return page.whyNotChange ?? (canDo(summary, action) ? undefined : why);
  };
  const act = (action: PanelAction) => () => void page.request('act', { action });
  const { counts, live } = summary;
  const noFailed = live && (counts.FAILED ?? 0) === 0 ? t('No trial has failed.') : undefined;
  const items: OpenMenu['items'] = [
    {
      label: t('Add Trial…'),
      icon: 'add',
      disabled: not('addTrial'),
      run: () => void page.request('addTrial', {}),
    },
    {
      label: t('Retry Failed Trials…'),
      icon: 'redo',
      disabled: not('retryFailed', noFailed),
      run: act('retryFailedTrials'),
    },
    {
      label: t('Import Results…'),
      icon: 'desktop-download',
      disabled: not('importData'),
      run: act('importResults'),
    },
    'line',
    {
      label: t('Change Concurrency…'),
      icon: 'layers',
      disabled: not('update'),
      run: () => page.updateLimit('concurrency'),
    },
    {
      label: t('Change Number of Trials…'),
      icon: 'list-ordered',
      disabled: not('update'),
      run: () => page.updateLimit('trialNumber'),
    },
    {
      label: t('Change Time Limit…'),
      icon: 'watch',
      disabled: not('update'),
      run: () => page.updateLimit('duration'),
    },
    {
      label: t('Change Search Space…'),
      icon: 'diff',
      disabled: not('update'),
      run: () => void page.request('updateSearchSpace', null),
    },
    'line',
    {
      label: t("Open the Experiment's Log"),
      icon: 'output',
      run: () => void page.request('openLog', { name: 'manager' }),
    },
    ...(canDo(summary, 'dispatcherLog')
      ? [{ label: t("Open the Tuner's Log"), icon: 'output', run: act('openDispatcherLog') }]
      : []),
    {
      label: t('Open TensorBoard'),
      icon: 'graph-line',
      disabled: not('tensorBoard', t('No trial has started.')),
      run: act('openTensorBoard'),
    },
    ...(canDo(summary, 'portal')
      ? [{ label: t('Open NNI Web Portal'), icon: 'globe', run: act('openWebPortal') }]
      : []),
    {
      label: t('Copy Experiment Id'),
      icon: 'copy',
      run: () => void page.request('copyText', { text: summary.id }),
    },
  ];
  if (!canDo(summary, 'delete')) return items;
  const remove = { label: t('Delete Experiment…'), icon: 'trash', disabled: page.whyNotChange };
  return [...items, 'line', { ...remove, run: act('deleteExperiment') }];
}
