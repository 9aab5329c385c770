/** What a plot is: one of these in a folder of its own, and an entry of the registry. The card around it is the same for all. */
import type { ComponentChildren, ComponentType } from 'preact';
import type { ExperimentData } from '../state/experimentData.ts';
import type { Page } from '../state/page.ts';
import type { Theme } from '../state/theme.ts';
import type { View } from '../state/view.ts';
import type { EChartsCoreOption } from './echarts.ts';
import type { Hit, Target } from './nearest.ts';

/** What a plot is drawn of. */
export interface PlotContext {
  page: Page;
  data: ExperimentData;
  /** The entry of dict metrics that is shown. */
  metric: string;
  /** Whether it has a whole tab for itself. */
  large: boolean;
}

/** @typeParam Shape what is drawn, as numbers: points, groups, ranges */
export interface PlotDefinition<Shape> {
  /** In the page: `history`, `curves`, … */
  name: string;
  /** A codicon for a place without data. */
  icon: string;
  title(): string;
  /** Whether there is data that its controls could choose from. */
  hasData(shape: Shape, context: PlotContext): boolean;
  /**
   * What is drawn. Pure.
   * @param last what was drawn before; returned again when nothing of it is another, so that it is not drawn again
   */
  shape(context: PlotContext, last: Shape | undefined): Shape;
  /** What the plot library draws. Pure. */
  option(shape: Shape, theme: Theme, choice: { logScale: boolean; focus: string | undefined }): EChartsCoreOption;
  /** Whether {@link option} marks the trial in focus by itself; otherwise a change of the focus draws nothing. */
  marksFocus: boolean;
  /** Whether one series comes to the front while the pointer is at it. */
  emphasizes: boolean;
  /** Points that a pointer can be at. */
  targets(shape: Shape): Target[];
  /** How much is drawn. Without a point, {@link emptyText} stands in its place. */
  counts(shape: Shape, context: PlotContext): { points: number; trials: number; isEmpty: boolean };
  /** Values that no axis can show. */
  notFinite(shape: Shape): number;
  /** Whether a logarithmic axis is possible. */
  isPositive(shape: Shape): boolean;
  isLogScale(view: View): boolean;
  /** The change of the view that sets the axis. */
  withLogScale(view: View, logScale: boolean): Partial<View>;
  /** One sentence below the title. */
  sentence(shape: Shape, context: PlotContext): ComponentChildren;
  emptyText(shape: Shape, context: PlotContext): string;
  /** What it shows, for a screen reader. */
  summary(shape: Shape, context: PlotContext): string;
  /** What the hover says about a trial. */
  hover(hit: Hit, context: PlotContext): ComponentChildren;
  /** The same as a table. */
  Table: ComponentType<{ shape: Shape; context: PlotContext }>;
  /** A choice of its own in the head of the card. */
  Choice?: ComponentType<{ context: PlotContext }>;
  /** What stands beside the plot where it is large. */
  Aside?: ComponentType<{ shape: Shape; context: PlotContext }>;
}
