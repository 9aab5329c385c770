/** The root component: the page from top to bottom. */
import { Button, Icon } from './controls/controls.tsx';
import { Menu } from './controls/Menu.tsx';
import { Tabs } from './controls/Tabs.tsx';
import { Banners } from './parts/Banners.tsx';
import { ConfigTab } from './parts/ConfigTab.tsx';
import { Header } from './parts/Header.tsx';
import { KeyFigures } from './parts/KeyFigures.tsx';
import { TopTrials } from './parts/TopTrials.tsx';
import { TrialDetail } from './parts/TrialDetail.tsx';
import { TrialsTab } from './parts/TrialsTab.tsx';
import { PlotCard } from './plots/PlotCard.tsx';
import { plots } from './plots/registry.ts';
import type { ExperimentData } from './state/experimentData.ts';
import type { Page } from './state/page.ts';
import type { Tab } from './state/view.ts';
import { t } from './strings.ts';

export function App({ page }: { page: Page }) {
  const { data } = page;
  if (page.gone !== undefined) return <Gone page={page} reason={page.gone} />;
  if (!data) return <Waiting page={page} />;
  return (
    <div
      class={page.connection.state === 'lost' ? 'app lost' : 'app'}
      data-revision={data.revision}
      data-trial-count={data.rows.size}
    >
      <Header page={page} data={data} />
      <Banners page={page} data={data} />
      <KeyFigures page={page} data={data} />
      <Tabs<Tab>
        name="main"
        label={t('Views')}
        tabs={[
          { id: 'overview', label: t('Overview') },
          { id: 'trials', label: t('Trials'), count: data.rows.size },
          { id: 'curves', label: t('Curves') },
          { id: 'config', label: t('Search space & config') },
        ]}
        active={page.view.tab}
        onChange={(tab) => page.change({ tab })}
      />
      <div
        id="main-panel"
        class={`panel panel-${page.view.tab}`}
        role="tabpanel"
        aria-labelledby={`main-tab-${page.view.tab}`}
      >
        <Content page={page} data={data} />
      </div>
      <div class="unseen" aria-live="polite">
        {page.announcement}
      </div>
      {page.menu && <Menu menu={page.menu} close={() => page.openMenu(undefined)} />}
    </div>
  );
}

function Content({ page, data }: { page: Page; data: ExperimentData }) {
  switch (page.view.tab) {
    case 'trials':
      return <TrialsTab page={page} data={data} />;
    case 'curves':
      return <PlotCard plot={plots.curves} page={page} data={data} large />;
    case 'config':
      return <ConfigTab page={page} data={data} />;
    default:
      return (
        <div class="overview">
          <PlotCard plot={plots.history} page={page} data={data} />
          <TopTrials page={page} data={data} />
          <PlotCard plot={plots.curves} page={page} data={data} />
          <TrialDetail page={page} data={data} />
        </div>
      );
  }
}

function Gone({ page, reason }: { page: Page; reason: string }) {
  return (
    <div class="whole" role="alert">
      <Icon name="search-stop" />
      <h1>{t('The experiment is not here')}</h1>
      <p>{reason}</p>
      <Button appearance="primary" label={t('Look Again')} onClick={() => page.host.ready()} />
    </div>
  );
}

/** After this wait the page shows the reason and an action. */
const explainAfterSeconds = 8;

function Waiting({ page }: { page: Page }) {
  const { connection, waited } = page;
  // Most waits end before a user could read a word.
  if (waited < 1 && connection.state !== 'lost') return <div class="whole" aria-busy="true" />;
  const long = waited >= explainAfterSeconds || connection.state === 'lost';
  return (
    <div class="whole" role="status" aria-busy={!long}>
      <Icon name={long ? 'debug-disconnect' : 'loading'} spin={!long} />
      <h1>{long ? t('No answer yet') : t('Reading the experiment…')}</h1>
      {long && (
        <>
          <p>
            {connection.reason ??
              t(
                'The experiment was asked for {0} s ago and nothing has come. It may be large, or its server busy.',
                waited,
              )}
          </p>
          <Button
            appearance="primary"
            label={t('Try Again')}
            onClick={() => {
              void page.request('retryConnection', null);
              page.host.ready();
            }}
          />
        </>
      )}
    </div>
  );
}
