/** A plot in its card: title, sentence, controls, and the plot, its table, or a placeholder while it is empty. */
import { useMemo, useRef, useState } from 'preact/hooks';
import { Card, Empty } from '../controls/Card.tsx';
import { Button, IconButton } from '../controls/controls.tsx';
import type { ExperimentData } from '../state/experimentData.ts';
import type { Page } from '../state/page.ts';
import { plural, t } from '../strings.ts';
import type { PlotContext, PlotDefinition } from './definition.ts';
import { MetricSelect, metricKey } from './MetricSelect.tsx';
import { Plot } from './Plot.tsx';

interface PlotCardProps<Shape> {
  plot: PlotDefinition<Shape>;
  page: Page;
  data: ExperimentData;
  large?: boolean;
}

export function PlotCard<Shape>({ plot, page, data, large = false }: PlotCardProps<Shape>) {
  const [asTable, setAsTable] = useState(false);
  const context: PlotContext = { page, data, metric: metricKey(page, data), large };
  const last = useRef<Shape | undefined>(undefined);
  const shape = plot.shape(context, last.current);
  last.current = shape;
  const { points, trials, isEmpty } = plot.counts(shape, context);
  const notFinite = plot.notFinite(shape);
  const isPositive = plot.isPositive(shape);
  const isLogScale = plot.isLogScale(page.view);
  const logScale = isLogScale && isPositive;
  const { theme } = page;
  const focus = plot.marksFocus ? page.focus : undefined;
  const option = useMemo(() => plot.option(shape, theme, { logScale, focus }), [plot, shape, theme, logScale, focus]);
  const targets = useMemo(() => plot.targets(shape), [plot, shape]);
  const { Table, Choice, Aside } = plot;

  return (
    <Card
      title={plot.title()}
      class={large ? `${plot.name} large` : plot.name}
      sentence={
        <>
          {plot.sentence(shape, context)}
          {notFinite > 0 && <NotFinite count={notFinite} />}
        </>
      }
      controls={
        plot.hasData(shape, context) && (
          <>
            {Choice && <Choice context={context} />}
            <MetricSelect page={page} data={data} />
            <Button
              label={t('log')}
              title={
                isPositive ? t('Logarithmic axis') : t('A logarithmic axis needs values above zero; some are not.')
              }
              pressed={logScale}
              disabled={!isPositive}
              onClick={() => page.change(plot.withLogScale(page.view, !isLogScale))}
              class="word toggle"
            />
            <IconButton
              icon={asTable ? 'graph-line' : 'table'}
              label={asTable ? t('Show as plot') : t('Show as table')}
              onClick={() => setAsTable(!asTable)}
            />
          </>
        )
      }
    >
      {isEmpty ? (
        <Empty icon={plot.icon}>{plot.emptyText(shape, context)}</Empty>
      ) : asTable ? (
        <div class="plot-table">
          <Table shape={shape} context={context} />
        </div>
      ) : (
        <div class="plot-body">
          <Plot
            page={page}
            name={large ? `${plot.name}-large` : plot.name}
            summary={plot.summary(shape, context)}
            option={option}
            targets={targets}
            points={points}
            trials={trials}
            logScale={logScale}
            emphasize={plot.emphasizes}
            hover={(hit) => plot.hover(hit, context)}
            onPick={(id) => page.select(id)}
          />
          {large && Aside && <Aside shape={shape} context={context} />}
        </div>
      )}
    </Card>
  );
}

export function NotFinite({ count }: { count: number }) {
  return <span class="note-line">{plural(count, '1 value is not finite.', '{0} values are not finite.')}</span>;
}
