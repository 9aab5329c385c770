/** The end of a trial's log, updated while the trial runs. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from '../../src/model/text/messageOf.ts';
import { isEnded, type SeenTrial } from '../../src/model/trial/trial.ts';
import type { LogName } from '../../src/protocol.ts';
import { LinkButton } from '../controls/controls.tsx';
import { Tabs } from '../controls/Tabs.tsx';
import type { Page } from '../state/page.ts';
import { t } from '../strings.ts';

const names = ['trial.log', 'stderr', 'stdout'] as const satisfies readonly LogName[];
type FileName = (typeof names)[number];

/** The page shows this much of the end; the editor shows the whole log. */
const maxBytes = 64_000;
/** No event announces that a log grew: read it at this interval while its trial runs and it is visible. */
const readIntervalMs = 2000;

type State =
  | { kind: 'reading' }
  | { kind: 'text'; text: string; truncated: boolean }
  | { kind: 'failed'; reason: string };

export function TrialLog({ page, row }: { page: Page; row: SeenTrial }) {
  const [chosen, choose] = useState<{ trial: string; name: FileName } | undefined>(undefined);
  // A failed trial writes the reason to stderr.
  const usual: FileName = row.status === 'FAILED' ? 'stderr' : 'trial.log';
  const name = chosen?.trial === row.id ? chosen.name : usual;
  const [state, setState] = useState<State>({ kind: 'reading' });
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  const ended = isEnded(row.status) || row.status === 'NOT_ENDED';
  const shown = useRef('');

  useEffect(() => {
    let current = true;
    let timer: number | undefined;
    // Keep the text of a trial that has just ended until its last lines are read.
    const file = `${row.id} ${name}`;
    if (shown.current !== file) {
      shown.current = file;
      atEnd.current = true;
      setState({ kind: 'reading' });
    }
    const read = async () => {
      try {
        const { text, truncated } = await page.host.request('readTrialLog', { trialId: row.id, name, maxBytes });
        if (current) setState({ kind: 'text', text, truncated });
      } catch (error) {
        if (current) setState({ kind: 'failed', reason: messageOf(error) });
      }
      if (current && !ended) timer = window.setTimeout(() => void read(), readIntervalMs);
    };
    void read();
    return () => {
      current = false;
      window.clearTimeout(timer);
    };
  }, [page, row.id, name, ended]);

  useLayoutEffect(() => {
    if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [state]);

  return (
    <div class="log">
      <Tabs
        name="log"
        label={t('Log')}
        small
        tabs={names.map((id) => ({ id, label: id }))}
        active={name}
        onChange={(id) => choose({ trial: row.id, name: id })}
      >
        <LinkButton onClick={() => void page.request('openLog', { trialId: row.id, name })}>
          {t('Open in Editor')}
        </LinkButton>
      </Tabs>
      <pre
        id="log-panel"
        role="tabpanel"
        aria-labelledby={`log-tab-${name}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
        tabIndex={0}
        ref={box}
        data-log={state.kind}
        onScroll={(event) => {
          const { scrollTop, clientHeight, scrollHeight } = event.currentTarget;
          atEnd.current = scrollTop + clientHeight >= scrollHeight - 8;
        }}
      >
        <LogText state={state} ended={ended} />
      </pre>
    </div>
  );
}

function LogText({ state, ended }: { state: State; ended: boolean }) {
  if (state.kind === 'reading') return <span class="muted">{t('Reading…')}</span>;
  if (state.kind === 'failed') return <span class="muted">{t('The log could not be read: {0}', state.reason)}</span>;
  if (state.text.trim() === '') {
    return (
      <span class="muted">
        {ended ? t('Nothing was written here.') : t('Nothing has been written here yet; this follows when it is.')}
      </span>
    );
  }
  return (
    <>
      {state.truncated && <span class="muted">{`${t('… only the end is shown')}\n`}</span>}
      {state.text}
    </>
  );
}
