// biome-ignore-all lint/a11y/useSemanticElements: rows stand at computed places, which a table does not allow; roles say what they are
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus and names its active cell
// biome-ignore-all lint/a11y/useKeyWithClickEvents: the grid handles the keys
/**
 * A virtual table of any length: only visible rows are in the DOM, but a screen reader knows the full count, and the keyboard
 * reaches every row.
 */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useMemo, useReducer, useRef } from 'preact/hooks';
import { Icon } from './controls.tsx';
import { textWidth } from './textWidth.ts';

export interface GridColumn<Row> {
  id: string;
  title: string;
  numeric: boolean;
  sortable?: boolean;
  /** The cell as plain text: for measuring, and for the tooltip of a cut cell. */
  text(row: Row): string;
  cell?(row: Row): ComponentChildren;
  /** Extra pixels beside the text, for icons. */
  extra?(row: Row): number;
  muted?: boolean;
}

export interface GridProps<Row> {
  name: string;
  label: string;
  columns: readonly GridColumn<Row>[];
  rows: readonly Row[];
  rowId(row: Row): string;
  selected?: string | null;
  onSelect?(row: Row): void;
  sort?: { column: string; descending: boolean } | null;
  onSort?(column: string): void;
  onMenu?(row: Row, event: MouseEvent): void;
  menuLabel?: string;
  /** Pixels of the page's text. */
  fontSize: number;
  fontFamily: string;
  /** `data-vscode-context` of a row. */
  context?(row: Row): string;
}

/** Rows rendered above and below the visible ones. */
const marginRows = 6;
/** At most about this many rows are measured for a column's width. */
const maxMeasuredRows = 200;

export function Grid<Row>(props: GridProps<Row>) {
  const { columns, rows, rowId, name, fontSize } = props;
  const box = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  // The active cell; row -1 is the header.
  const active = useRef({ row: 0, column: 0 });
  const widths = useRef(new Map<string, number>());
  const rowHeight = Math.round(fontSize * 2);
  const headHeight = rowHeight + 2;

  const height = box.current?.clientHeight ?? 600;
  const scrolled = box.current?.scrollTop ?? 0;
  const first = Math.max(0, Math.floor(scrolled / rowHeight) - marginRows);
  const end = Math.min(rows.length, Math.ceil((scrolled + height) / rowHeight) + marginRows);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    redraw(undefined);
    const observer = new ResizeObserver(() => redraw(undefined));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // Scroll only to a trial picked elsewhere; otherwise keep the reader's place.
  const lastSelected = useRef<string | null | undefined>(undefined);
  const select = (row: Row) => {
    lastSelected.current = rowId(row);
    props.onSelect?.(row);
  };
  // Update before the next key arrives, or that key would start from the row selected before.
  useLayoutEffect(() => {
    if (props.selected === lastSelected.current) return;
    lastSelected.current = props.selected;
    const index = rows.findIndex((row) => rowId(row) === props.selected);
    if (index < 0) return;
    active.current.row = index;
    show(index);
  }, [props.selected]);

  const { columnsTemplate, tableWidth } = useMemo(() => {
    const all = columns.map((column) => columnWidth(column, rows, widths.current, props));
    const template = all.map((width) => `minmax(${width}px, ${width}fr)`);
    let sum = all.reduce((total, width) => total + width, 0);
    if (props.onMenu) {
      const menu = Math.round(fontSize * 2.2);
      template.push(`${menu}px`);
      sum += menu;
    }
    return { columnsTemplate: template.join(' '), tableWidth: `max(100%, ${sum}px)` };
  }, [columns, rows, fontSize]);

  const show = (index: number) => {
    const element = box.current;
    if (!element) return;
    const top = index * rowHeight;
    const room = element.clientHeight - headHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + room) element.scrollTop = top + rowHeight - room;
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const at = active.current;
    const page = Math.max(1, Math.floor(height / rowHeight) - 2);
    const moves: Record<string, [row: number, column: number] | undefined> = {
      ArrowDown: [at.row + 1, at.column],
      ArrowUp: [at.row - 1, at.column],
      PageDown: [at.row + page, at.column],
      PageUp: [Math.max(0, at.row - page), at.column],
      ArrowRight: [at.row, at.column + 1],
      ArrowLeft: [at.row, at.column - 1],
      Home: event.ctrlKey ? [0, 0] : [at.row, 0],
      End: event.ctrlKey ? [rows.length - 1, columns.length - 1] : [at.row, columns.length - 1],
    };
    const move = moves[event.key];
    if (move) {
      event.preventDefault();
      const lowest = props.onSort ? -1 : 0;
      const row = Math.max(lowest, Math.min(rows.length - 1, move[0]));
      const column = Math.max(0, Math.min(columns.length - 1, move[1]));
      const changed = row !== at.row;
      active.current = { row, column };
      if (row >= 0) show(row);
      document.getElementById(cellId(name, row, column))?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      const target = rows[row];
      if (changed && target !== undefined) select(target);
      redraw(undefined);
      return;
    }
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      const column = columns[at.column];
      const row = rows[at.row];
      if (at.row < 0 && column) props.onSort?.(column.id);
      else if (row !== undefined) select(row);
      return;
    }
    if ((event.key === 'F10' && event.shiftKey) || event.key === 'ContextMenu') {
      const button = document.getElementById(`${cellId(name, at.row, columns.length)}-menu`);
      if (!button) return;
      event.preventDefault();
      button.click();
    }
  };

  return (
    <div
      class="grid"
      role="grid"
      ref={box}
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
      aria-activedescendant={cellId(name, active.current.row, active.current.column)}
      onScroll={() => redraw(undefined)}
      onKeyDown={onKeyDown}
      data-grid={name}
    >
      <div
        class="grid-head"
        role="row"
        aria-rowindex={1}
        style={{ gridTemplateColumns: columnsTemplate, width: tableWidth }}
      >
        {columns.map((column, index) => {
          const sorted = props.sort?.column === column.id;
          const direction = props.sort?.descending ? 'descending' : 'ascending';
          return (
            <div
              key={column.id}
              id={cellId(name, -1, index)}
              role="columnheader"
              aria-colindex={index + 1}
              aria-sort={props.onSort ? (sorted ? direction : 'none') : undefined}
              class={cellClass(
                column.numeric,
                index === 0,
                active.current.row === -1 && active.current.column === index,
              )}
              title={column.title}
              onClick={() => props.onSort?.(column.id)}
            >
              <span class="cell-text">{column.title}</span>
              {sorted && <Icon name={props.sort?.descending ? 'arrow-down' : 'arrow-up'} />}
            </div>
          );
        })}
        {props.onMenu && <div class="cell" role="presentation" />}
      </div>
      <div class="grid-body" role="rowgroup" style={{ height: `${rows.length * rowHeight}px`, width: tableWidth }}>
        {rows.slice(first, end).map((row, offset) => {
          const index = first + offset;
          const id = rowId(row);
          const selected = props.selected === id;
          return (
            <div
              key={id}
              class={`grid-row ${selected ? 'selected' : ''}`}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={props.onSelect ? selected : undefined}
              data-row={id}
              data-vscode-context={props.context?.(row)}
              style={{
                gridTemplateColumns: columnsTemplate,
                height: `${rowHeight}px`,
                transform: `translateY(${index * rowHeight}px)`,
              }}
              onClick={() => {
                active.current = { row: index, column: active.current.column };
                select(row);
                redraw(undefined);
              }}
            >
              {columns.map((column, place) => {
                const text = column.text(row);
                const here = active.current.row === index && active.current.column === place;
                return (
                  <div
                    key={column.id}
                    id={cellId(name, index, place)}
                    role="gridcell"
                    aria-colindex={place + 1}
                    class={`${cellClass(column.numeric, place === 0, here)} ${column.muted ? 'muted' : ''}`}
                    title={text.length > 12 ? text : undefined}
                  >
                    {column.cell ? column.cell(row) : <span class="cell-text">{text}</span>}
                  </div>
                );
              })}
              {props.onMenu && (
                <div class="cell row-menu" role="presentation">
                  <button
                    type="button"
                    tabIndex={-1}
                    id={`${cellId(name, index, columns.length)}-menu`}
                    aria-label={props.menuLabel}
                    title={props.menuLabel}
                    onClick={(event) => {
                      event.stopPropagation();
                      props.onMenu?.(row, event);
                    }}
                  >
                    <Icon name="ellipsis" />
                  </button>
                </div>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function cellId(name: string, row: number, column: number): string {
  return `${name}-${row}-${column}`;
}

function cellClass(numeric: boolean, first: boolean, here: boolean): string {
  return `cell ${numeric ? 'numeric' : ''} ${first ? 'first' : ''} ${here ? 'here' : ''}`;
}

/** The width for a column's content, within limits. A column never shrinks, so that the layout does not jump. */
function columnWidth<Row>(
  column: GridColumn<Row>,
  rows: readonly Row[],
  known: Map<string, number>,
  { fontSize, fontFamily }: GridProps<Row>,
): number {
  const key = `${column.id}\n${fontSize}`;
  const title = textWidth(column.title, fontSize, fontFamily) + fontSize * (column.sortable ? 2.6 : 1.6);
  let width = Math.max(known.get(key) ?? 0, Math.min(title, fontSize * 16));
  const step = Math.max(1, Math.floor(rows.length / maxMeasuredRows));
  for (let index = 0; index < rows.length; index += step) {
    const row = rows[index];
    if (row === undefined) continue;
    const text = column.text(row);
    const padding = fontSize * 1.6 + (column.extra?.(row) ?? 0);
    // Most values are short: measure only those that could be wider.
    if (text.length * fontSize + padding > width) {
      width = Math.max(width, Math.min(textWidth(text, fontSize, fontFamily) + padding, fontSize * 22));
    }
  }
  width = Math.ceil(width);
  known.set(key, width);
  return width;
}
