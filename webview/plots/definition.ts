/** The interface of a plot. Each plot has its own folder and an entry in the registry; all share one card. */
import type { ComponentChildren, ComponentType } from 'preact';
import type { ExperimentData } from '../state/experimentData.ts';
import type { Page } from '../state/page.ts';
import type { Theme } from '../state/theme.ts';
import type { View } from '../state/view.ts';
import type { EChartsCoreOption } from './echarts.ts';
import type { Hit, Target } from './nearest.ts';

/** The input of a plot. */
export interface PlotContext {
  page: Page;
  data: ExperimentData;
  /** The shown entry of dict metrics. */
  metric: string;
  /** Whether the plot fills a whole tab. */
  large: boolean;
}

/** @typeParam Shape the drawn numbers: points, groups, ranges */
export interface PlotDefinition<Shape> {
  /** Id in the page: `history`, `curves`, … */
  name: string;
  /** The codicon of the placeholder. */
  icon: string;
  title(): string;
  /** Whether the data gives the controls a choice. */
  hasData(shape: Shape, context: PlotContext): boolean;
  /**
   * Computes the shape. Pure.
   * @param last the last drawn shape; returned again when nothing changed, which skips the drawing
   */
  shape(context: PlotContext, last: Shape | undefined): Shape;
  /** Computes the plot library's options. Pure. */
  option(shape: Shape, theme: Theme, choice: { logScale: boolean; focus: string | undefined }): EChartsCoreOption;
  /** Whether {@link option} marks the trial in focus; if not, a change of the focus redraws nothing. */
  marksFocus: boolean;
  /** Whether the series at the pointer comes to the front. */
  emphasizes: boolean;
  /** The points that the pointer can hit. */
  targets(shape: Shape): Target[];
  /** Number of drawn points. Without a point, {@link emptyText} replaces the plot. */
  counts(shape: Shape, context: PlotContext): { points: number; trials: number; isEmpty: boolean };
  /** Number of values that an axis can't show. */
  notFinite(shape: Shape): number;
  /** Whether a logarithmic axis is possible. */
  isPositive(shape: Shape): boolean;
  isLogScale(view: View): boolean;
  /** The change of the view that sets the axis' scale. */
  withLogScale(view: View, logScale: boolean): Partial<View>;
  /** One sentence below the title. */
  sentence(shape: Shape, context: PlotContext): ComponentChildren;
  emptyText(shape: Shape, context: PlotContext): string;
  /** A description for a screen reader. */
  summary(shape: Shape, context: PlotContext): string;
  /** The content of the hover for a trial. */
  hover(hit: Hit, context: PlotContext): ComponentChildren;
  /** The same data as a table. */
  Table: ComponentType<{ shape: Shape; context: PlotContext }>;
  /** The plot's own control in the head of the card. */
  Choice?: ComponentType<{ context: PlotContext }>;
  /** Content beside a large plot. */
  Aside?: ComponentType<{ shape: Shape; context: PlotContext }>;
}
