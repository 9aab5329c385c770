/** A plot on a canvas: redraws when its option changes, resizes with its container, and shows a hover in VS Code's style. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { IconButton } from '../controls/controls.tsx';
import type { Page } from '../state/page.ts';
import { t } from '../strings.ts';
import { type ECharts, type EChartsCoreOption, init } from './echarts.ts';
import { type Hit, nearest, type Scale, type Target } from './nearest.ts';

export interface PlotProps {
  page: Page;
  /** For tests and for counting: `history`, `curves`, ... */
  name: string;
  /** A sentence that describes the plot to a screen reader. */
  summary: string;
  /** The plot redraws when this is another object. */
  option: EChartsCoreOption;
  targets: readonly Target[];
  points: number;
  trials: number;
  logScale: boolean;
  /** The content of the hover for a trial. */
  hover(hit: Hit): ComponentChildren;
  onPick(id: string): void;
  /** Brings a series to the front while the pointer is at it. */
  emphasize?: boolean;
}

/** The pointer hits a point within this distance. */
const maxDistancePixels = 14;

export function Plot(props: PlotProps) {
  const { page, name, option, targets, logScale } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | undefined>(undefined);
  const [hit, setHit] = useState<Hit | undefined>(undefined);
  const [zoomed, setZoomed] = useState(false);
  const pointer = useRef<{ left: number; top: number } | undefined>(undefined);
  const emphasized = useRef<string | undefined>(undefined);

  useLayoutEffect(() => {
    if (!canvas.current) return;
    const made = init(canvas.current);
    chart.current = made;
    made.on('datazoom', () => {
      const [zoom] = (made.getOption().dataZoom ?? []) as { start?: number; end?: number }[];
      setZoomed((zoom?.start ?? 0) > 0.01 || (zoom?.end ?? 100) < 99.99);
      setHit(undefined);
    });
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(canvas.current);
    return () => {
      observer.disconnect();
      made.dispose();
      chart.current = undefined;
      page.clock.plotted.delete(name);
    };
  }, [page, name]);

  useLayoutEffect(() => {
    chart.current?.setOption(option, { replaceMerge: ['series'] });
  }, [option]);
  page.clock.plotted.set(name, props.points);

  const look = useCallback(() => {
    const made = chart.current;
    const at = pointer.current;
    const found = made && at && nearest(targets, scaleOf(made, logScale), at.left, at.top, maxDistancePixels);
    setHit((known) => (known && found && known.id === found.id && known.left === found.left ? known : found));
    if (!props.emphasize || !made || emphasized.current === found?.id) return;
    if (emphasized.current !== undefined) made.dispatchAction({ type: 'downplay', seriesId: emphasized.current });
    if (found) made.dispatchAction({ type: 'highlight', seriesId: found.id });
    emphasized.current = found?.id;
  }, [targets, logScale, props.emphasize]);

  // New points may move under a resting pointer.
  useEffect(() => {
    if (pointer.current) look();
  }, [look]);

  const onMove = (event: PointerEvent) => {
    const bounds = box.current?.getBoundingClientRect();
    pointer.current = bounds && { left: event.clientX - bounds.left, top: event.clientY - bounds.top };
    look();
  };
  const onLeave = () => {
    pointer.current = undefined;
    look();
  };
  const resetZoom = () => chart.current?.dispatchAction({ type: 'dataZoom', start: 0, end: 100 });

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the plot is a picture; the same trials are picked by key in its table
    <div
      class={`plot ${hit ? 'at-trial' : ''}`}
      ref={box}
      role="img"
      aria-label={props.summary}
      data-plot={name}
      data-points={props.points}
      data-trial-count={props.trials}
      onPointerMove={onMove}
      onPointerLeave={onLeave}
      onClick={() => hit && props.onPick(hit.id)}
      onDblClick={resetZoom}
    >
      <div class="canvas" ref={canvas} />
      {zoomed && (
        <div class="zoomed">
          <IconButton icon="zoom-out" label={t('Show everything')} onClick={resetZoom} />
        </div>
      )}
      {hit && <div class="hit" style={{ left: `${hit.left}px`, top: `${hit.top}px` }} />}
      {hit && <Hover hit={hit}>{props.hover(hit)}</Hover>}
    </div>
  );
}

/** The hover's place: beside its point, on the side with room. */
function Hover({ hit, children }: { hit: Hit; children: ComponentChildren }) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const hover = element.current;
    const plot = hover?.parentElement;
    if (!hover || !plot) return;
    const { width, height } = hover.getBoundingClientRect();
    const bounds = plot.getBoundingClientRect();
    const gap = 14;
    const right = bounds.left + hit.left + gap + width <= document.documentElement.clientWidth - 8;
    const left = right ? hit.left + gap : Math.max(-bounds.left + 8, hit.left - gap - width);
    const lowest = document.documentElement.clientHeight - bounds.top - height - 8;
    hover.style.left = `${left}px`;
    hover.style.top = `${Math.max(-bounds.top + 8, Math.min(hit.top - height / 2, lowest))}px`;
  });
  return (
    <div class="hover" ref={element}>
      {children}
    </div>
  );
}

/** The plot's axes as two linear functions, which place thousands of points quickly. */
function scaleOf(chart: ECharts, logScale: boolean): Scale {
  const width = chart.getWidth();
  const height = chart.getHeight();
  const axes = { xAxisIndex: 0, yAxisIndex: 0 };
  const [x0 = 0, y0 = 0] = chart.convertFromPixel(axes, [0, 0]);
  const [x1 = 1, y1 = 1] = chart.convertFromPixel(axes, [width, height]);
  const on = logScale ? Math.log10 : (value: number) => value;
  const perX = width / (x1 - x0);
  const perY = height / (on(y1) - on(y0));
  const top = on(y0);
  const bottom = chart.convertToPixel({ yAxisIndex: 1 }, 0);
  return {
    x: (value) => (value - x0) * perX,
    y: (value) => (on(value) - top) * perY,
    bottom: typeof bottom === 'number' ? bottom : height,
  };
}
