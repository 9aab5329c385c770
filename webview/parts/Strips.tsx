/** Lines across the page for what a person must know: errors of the experiment, a lost connection, a refused request. */
import type { ComponentChildren } from 'preact';
import { experimentPhase } from '../../src/model/experimentPhase.ts';
import { Button, Icon, IconButton } from '../controls.tsx';
import type { ExperimentData } from '../data/experimentData.ts';
import type { Page } from '../page.ts';
import { clockTime, t } from '../strings.ts';

function Strip(props: {
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

export function Strips({ page, data }: { page: Page; data: ExperimentData }) {
  return (
    <>
      <ConnectionStrip page={page} />
      <ErrorStrip page={page} data={data} />
      {page.refusal !== undefined && (
        <Strip
          tone="error"
          icon="error"
          actions={<IconButton icon="close" label={t('Dismiss')} onClick={() => page.dismissRefusal()} />}
        >
          {page.refusal}
        </Strip>
      )}
    </>
  );
}

function ConnectionStrip({ page }: { page: Page }) {
  const { state, since, reason } = page.connection;
  // Connecting is only worth a line when it takes long.
  if (state === 'connected' || (state === 'connecting' && page.now - since < 2000)) return null;
  const lost = state === 'lost';
  return (
    <Strip
      tone="warning"
      icon={lost ? 'debug-disconnect' : 'sync'}
      actions={
        <Button
          appearance="secondary"
          label={page.pending.has('retryConnection') ? t('Trying…') : t('Retry')}
          disabled={page.pending.has('retryConnection')}
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
    </Strip>
  );
}

function ErrorStrip({ page, data }: { page: Page; data: ExperimentData }) {
  const { summary } = data;
  if (summary.errors.length === 0) {
    if (experimentPhase(summary) !== 'crashed') return null;
    return (
      <Strip tone="warning" icon="debug-disconnect" actions={<LogButton page={page} />}>
        <strong>{t('The experiment crashed.')}</strong>{' '}
        {t('Its process ended without stopping it. Nothing that was reported is lost: Resume goes on from here.')}
      </Strip>
    );
  }
  return (
    <Strip tone="error" icon="error" actions={<LogButton page={page} />}>
      {summary.errors.map((error) => (
        <div key={error}>{error}</div>
      ))}
    </Strip>
  );
}

function LogButton({ page }: { page: Page }) {
  return (
    <Button
      appearance="secondary"
      label={t('Open Log')}
      onClick={() => void page.request('openLog', { name: 'manager' })}
    />
  );
}
