/** Tables of plain text for a terminal. */
import { printableLines } from '../model/text/plainText.ts';

export interface Column {
  title: string;
  align?: 'right';
}

/**
 * Lays out columns two blanks apart, header first. The last column is cut where a line would exceed `width` characters.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): string {
  const cells = [columns.map((column) => column.title), ...rows.map((row) => row.map(oneLine))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)));
  const lines = cells.map((row) =>
    columns
      .map((column, index) => {
        const text = row[index] ?? '';
        return column.align === 'right' ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0);
      })
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line)).join('\n');
}

/** Puts a text of any program into one line, so that it can't break a table. */
export function oneLine(text: string): string {
  return printableLines(text).join(' ').replaceAll('\t', ' ');
}

/** Characters in a line of the terminal; unlimited without a terminal. */
export function terminalWidth(stream: NodeJS.WriteStream = process.stdout): number {
  return stream.isTTY ? Math.max(40, stream.columns) : Number.POSITIVE_INFINITY;
}
