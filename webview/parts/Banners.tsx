/** The banners at the top of the page: an experiment's error, a lost connection, a refused request. */
import type { ComponentChildren } from 'preact';
import { canDo } from '../../src/model/experiment/actions.ts';
import { experimentPhase } from '../../src/model/experiment/experimentPhase.ts';
import { userActions } from '../../src/ui/actions.ts';
import { Button, Icon, IconButton } from '../controls/controls.tsx';
import type { ExperimentData } from '../state/experimentData.ts';
import type { Page } from '../state/page.ts';
import { clockTime, t } from '../strings.ts';
import { ResumeButton } from './Header.tsx';

function Banner(props: {
  tone: 'error' | 'warning' | 'info';
  icon: string;
  children: ComponentChildren;
  actions: ComponentChildren;
}) {
  return (
    <div class={`strip strip-${props.tone}`} role={props.tone === 'error' ? 'alert' : 'status'}>
      <Icon name={props.icon} />
      <div class="strip-text">{props.children}</div>
      <div class="strip-actions">{props.actions}</div>
    </div>
  );
}

export function Banners({ page, data }: { page: Page; data: ExperimentData }) {
  return (
    <>
      <ConnectionBanner page={page} />
      <ErrorBanner page={page} data={data} />
      {page.requests.refusal !== undefined && (
        <Banner
          tone="error"
          icon="error"
          actions={<IconButton icon="close" label={t('Dismiss')} onClick={() => page.requests.dismissRefusal()} />}
        >
          {page.requests.refusal}
        </Banner>
      )}
    </>
  );
}

function ConnectionBanner({ page }: { page: Page }) {
  const { state, since, reason } = page.connection;
  // Connecting deserves a banner only when it takes long.
  if (state === 'connected' || (state === 'connecting' && page.now - since < 2000)) return null;
  const lost = state === 'lost';
  return (
    <Banner
      tone="warning"
      icon={lost ? 'debug-disconnect' : 'sync'}
      actions={
        <Button
          appearance="secondary"
          label={page.requests.pending.has('retryConnection') ? t('Trying…') : t('Retry')}
          disabled={page.requests.pending.has('retryConnection')}
          onClick={() => void page.request('retryConnection', null)}
        />
      }
    >
      <strong>
        {lost
          ? t('No connection since {0}.', clockTime(since, page.now))
          : t('Connecting since {0}…', clockTime(since, page.now))}
      </strong>{' '}
      {reason} <span class="muted">{t('What you see is what was known then; trials go on without it.')}</span>
    </Banner>
  );
}

function ErrorBanner({ page, data }: { page: Page; data: ExperimentData }) {
  const { summary } = data;
  if (summary.errors.length === 0) {
    if (experimentPhase(summary) !== 'crashed') return null;
    return (
      <Banner tone="warning" icon="debug-disconnect" actions={<ErrorActions page={page} data={data} />}>
        <strong>{t('The experiment crashed.')}</strong>{' '}
        {t('Its process ended without stopping it. Nothing that was reported is lost: Resume goes on from here.')}
      </Banner>
    );
  }
  const phase = experimentPhase(summary);
  return (
    <Banner
      tone="error"
      icon={phase === 'stalled' ? 'warning' : 'error'}
      actions={<ErrorActions page={page} data={data} />}
    >
      {phase === 'stalled' && <strong>{t('The experiment is stalled: nothing more will happen by itself.')}</strong>}
      {phase === 'crashed' && <strong>{t('The experiment crashed.')}</strong>}
      {summary.errors.map((error) => (
        <div key={error}>{error}</div>
      ))}
    </Banner>
  );
}

/** The buttons of an error: stop and resume, resume, open the log. */
function ErrorActions({ page, data }: { page: Page; data: ExperimentData }) {
  const { summary } = data;
  const phase = experimentPhase(summary);
  return (
    <>
      {canDo(summary, 'restart') && (
        <Button
          appearance="primary"
          label={t(userActions.stopAndResume.short)}
          disabled={page.whyNotChange !== undefined || page.requests.pending.has('stopAndResume')}
          title={page.whyNotChange ?? t('Stop the experiment and go on from there; results are kept')}
          onClick={() => page.act('stopAndResume')}
        />
      )}
      {(phase === 'crashed' || phase === 'failed') && canDo(summary, 'resume') && (
        <ResumeButton page={page} appearance="primary" />
      )}
      <LogButton page={page} />
    </>
  );
}

function LogButton({ page }: { page: Page }) {
  return <Button appearance="secondary" label={t('Open Log')} onClick={() => page.act('openManagerLog')} />;
}
