/** The header: the experiment's name, its state and its actions. */
import { canDo } from '../../src/model/experiment/actions.ts';
import { experimentPhase } from '../../src/model/experiment/experimentPhase.ts';
import { phaseLooks } from '../../src/model/experiment/looks.ts';
import { userActions } from '../../src/ui/actions.ts';
import { Button, Icon, IconButton } from '../controls/controls.tsx';
import { menuBelow, type OpenMenu } from '../controls/Menu.tsx';
import type { ExperimentData } from '../state/experimentData.ts';
import type { Page } from '../state/page.ts';
import { phaseWord } from '../state/phaseWord.ts';
import { clockTime, fullTime, t } from '../strings.ts';
import { experimentItems } from './actionMenu.ts';

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
            label={viewed ? t('Stop Viewing') : t(userActions.stopExperiment.short)}
            icon="debug-stop"
            disabled={lost !== undefined || page.requests.pending.has('stopExperiment')}
            title={
              lost ??
              (viewed
                ? t('End the process that shows the experiment; its results are kept')
                : t('Stop the experiment; its results are kept'))
            }
            onClick={() => page.act('stopExperiment')}
          />
        )}
        {canDo(summary, 'resume') && <ResumeButton page={page} />}
        <IconButton
          icon="export"
          label={t(userActions.exportResults.title)}
          onClick={() => page.act('exportResults')}
        />
        <IconButton icon="go-to-file" label={t(userActions.openConfig.title)} onClick={() => page.act('openConfig')} />
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
      label={t(userActions.resumeExperiment.short)}
      {...(appearance === 'icon' ? { icon: 'debug-continue' } : {})}
      disabled={whyNotChange !== undefined || page.requests.pending.has('resumeExperiment')}
      title={whyNotChange ?? t('Go on where the experiment stopped')}
      onClick={() => page.act('resumeExperiment')}
    />
  );
}

function StatusChip({ page, data }: { page: Page; data: ExperimentData }) {
  const phase = experimentPhase(data.summary);
  const { icon, tone } = phaseLooks[phase];
  return (
    <span class={`chip tone-${tone}`} data-phase={phase}>
      <Icon name={icon} spin={icon === 'loading' && page.whyLost === undefined} />
      {phaseWord(phase)}
    </span>
  );
}

function moreItems(page: Page, { summary }: ExperimentData): OpenMenu['items'] {
  const copyId = {
    label: t('Copy Experiment Id'),
    icon: 'copy',
    run: () => void page.request('copyText', { text: summary.id }),
  };
  return experimentItems(page, summary, { 3: copyId });
}
