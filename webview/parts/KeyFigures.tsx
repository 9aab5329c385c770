/** The key figures: best, trials, time and concurrency. */
import type { ComponentChildren } from 'preact';
import { canDo } from '../../src/model/experiment/actions.ts';
import { allTrials, elapsedSeconds, endedTrials } from '../../src/model/experiment/experimentPhase.ts';
import { formatDuration, formatNumber } from '../../src/model/text/format.ts';
import { LinkButton } from '../controls/controls.tsx';
import type { ExperimentData } from '../state/experimentData.ts';
import type { Page } from '../state/page.ts';
import { roughSeconds, secondsLeft, shortDuration } from '../state/timeLeft.ts';
import { countKinds, kindWord, type StatusKind, statusKinds, trialName } from '../state/trialStatus.ts';
import { ago, fullTime, t } from '../strings.ts';

interface Props {
  page: Page;
  data: ExperimentData;
}

export function KeyFigures(props: Props) {
  return (
    <dl class="numbers">
      <Best {...props} />
      <Trials {...props} />
      <Time {...props} />
      <Concurrency {...props} />
      <Sdk {...props} />
    </dl>
  );
}

function Figure(props: {
  title: string;
  hint?: string;
  value: string;
  note?: ComponentChildren;
  bar?: ComponentChildren;
}) {
  return (
    <div class={props.bar ? 'figure wide' : 'figure'}>
      <dt title={props.hint ?? ''}>{props.title}</dt>
      <dd>
        <div class="value">{props.value}</div>
        <div class="note">{props.note ?? '\u00a0'}</div>
        {props.bar}
      </dd>
    </div>
  );
}

function Best({ page, data }: Props) {
  const { best, optimizeMode } = data.summary;
  const hint = optimizeMode === 'maximize' ? t('Higher is better') : t('Lower is better');
  const title = optimizeMode === 'maximize' ? t('Best metric · highest') : t('Best metric · lowest');
  if (!best) {
    const ended = endedTrials(data.summary) > 0;
    // An ended experiment produces no more results.
    const notYet = data.summary.live ? t('when the first trial has ended') : t('no trial has ended');
    const none = ended ? t('no result is a number yet') : isUnstored(data) ? t('not stored') : notYet;
    return <Figure title={title} hint={hint} value="–" note={none} />;
  }
  const row = data.rows.get(best.trialId);
  return (
    <Figure
      title={title}
      hint={hint}
      value={formatNumber(best.value)}
      note={
        <>
          {t('by trial')}{' '}
          <LinkButton
            label={t('Select trial {0}', best.trialNumber)}
            onClick={() => page.select(best.trialId)}
            title={t('Select this trial')}
          >
            {row ? trialName(row) : best.trialNumber}
          </LinkButton>
          <span title={fullTime(best.time)}>, {ago(best.time, page.now)}</span>
        </>
      }
    />
  );
}

/** NNI stores neither trials nor limits of an architecture search with its sequential engine: not even how many there were. */
function isUnstored({ summary, rows }: ExperimentData): boolean {
  return summary.type === 'nas' && !summary.live && rows.size === 0 && allTrials(summary) === 0;
}

function Trials({ data }: Props) {
  const { summary } = data;
  if (isUnstored(data)) {
    return <Figure title={t('Trials')} hint={t('Trials that have ended')} value="–" note={t('not stored')} />;
  }
  const ended = endedTrials(summary);
  const counts = countKinds(summary);
  const total = Math.max(summary.maxTrialNumber ?? 0, allTrials(summary));
  const words = (['running', 'waiting', 'notEnded', 'stoppedEarly', 'failed', 'cancelled'] as const)
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${counts[kind]} ${kindWord(kind)}`);
  const limit = summary.maxTrialNumber === undefined ? [t('ended')] : [t('of {0}', summary.maxTrialNumber)];
  const note = [...limit, ...words].join(' · ');
  return (
    <Figure
      title={t('Trials')}
      hint={t('Trials that have ended')}
      value={String(ended)}
      note={<span title={note}>{note}</span>}
      bar={<Bar total={total} counts={counts} label={`${ended} ${note}`} />}
    />
  );
}

function Bar({ total, counts, label }: { total: number; counts: Record<StatusKind, number>; label: string }) {
  return (
    <div class="bar" role="img" aria-label={label}>
      {statusKinds.map((kind) =>
        counts[kind] > 0 && kind !== 'waiting' && kind !== 'notEnded' ? (
          <i
            key={kind}
            class={`fill-${kind}`}
            title={`${counts[kind]} ${kindWord(kind)}`}
            style={{ width: `${(100 * counts[kind]) / total}%` }}
          />
        ) : null,
      )}
    </div>
  );
}

function Time({ page, data }: Props) {
  const { summary } = data;
  const elapsed = elapsedSeconds(summary, page.dataNow);
  const left = page.whyLost === undefined ? secondsLeft(summary, page.now) : undefined;
  const max = summary.maxExperimentDuration;
  const parts = [
    max === undefined ? undefined : t('of {0}', shortDuration(max)),
    left === undefined ? undefined : t('about {0} left', shortDuration(roughSeconds(left))),
    max === undefined && left === undefined && summary.endTime !== undefined
      ? t('ended {0}', ago(summary.endTime, page.now))
      : undefined,
  ].filter((part) => part !== undefined);
  const share = max === undefined ? undefined : Math.min(1, elapsed / max);
  return (
    <Figure
      title={t('Time')}
      hint={t('How long the experiment has been running')}
      value={formatDuration(elapsed)}
      note={parts.join(' · ')}
      bar={
        share === undefined ? undefined : (
          <div
            class="bar"
            role="progressbar"
            aria-label={t('Time')}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(100 * share)}
          >
            <i class="fill-time" style={{ width: `${100 * share}%` }} />
          </div>
        )
      }
    />
  );
}

function Concurrency({ page, data }: Props) {
  const { summary } = data;
  const busy = countKinds(summary).running;
  const can = canDo(summary, 'update');
  return (
    <Figure
      title={t('Concurrency')}
      hint={t('How many trials run at a time')}
      value={summary.trialConcurrency > 0 ? String(summary.trialConcurrency) : '–'}
      note={
        <>
          {t('{0} busy', busy)}
          {can && ' · '}
          {can && (
            <LinkButton
              label={t('Change the concurrency')}
              title={page.whyNotChange ?? t('Change how many trials run at a time')}
              disabled={page.whyNotChange !== undefined}
              onClick={() => page.act('updateConcurrency')}
            >
              {t('change')}
            </LinkButton>
          )}
        </>
      }
    />
  );
}

function Sdk({ data }: Props) {
  const { sdk, engine } = data.summary;
  const hint = t('The nni package that trials import');
  if (!sdk) {
    return <Figure title={t('Trial SDK')} hint={hint} value={engine === 'nni' ? 'NNI' : '–'} note={t('not told')} />;
  }
  return (
    <Figure
      title={t('Trial SDK')}
      hint={hint}
      value={sdk.kind === 'bundled' ? t('bundled') : t('nni {0}', sdk.version)}
      note={<span title={sdk.python}>{sdk.python || t('no Python recognised')}</span>}
    />
  );
}
