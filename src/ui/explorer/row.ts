/** What a row of the tree is drawn from; equal rows need no redraw. Free of vscode. */
import type { PlainText } from '../../model/text/plainText.ts';

export interface Row {
  label: PlainText;
  description: PlainText;
  /** A codicon, maybe with a modifier such as `~spin`; empty for none. */
  icon: string;
  /** Id of a theme colour; empty for the plain one. */
  color: string;
  /** What can be done with it, for `when` clauses: `trial;kill;log;`. */
  contextValue: string;
  /** What a screen reader says. */
  spoken: PlainText;
}
