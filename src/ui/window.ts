/**
 * Where text leaves for VS Code, and the only file that hands any over: messages, dialogs, prompts, progress, labels, hovers,
 * problems and the log. What goes out is `PlainText`, `IconText` or `Markdown`, never a mere string, because names, reasons, ids
 * and logs come from other machines, and VS Code makes links that run commands of `[text](command:…)`.
 */
import {
  type CancellationToken,
  CodeLens,
  Diagnostic,
  type DiagnosticSeverity,
  type Disposable,
  Hover,
  type LogOutputChannel,
  MarkdownString,
  type OpenDialogOptions,
  ProgressLocation,
  type QuickPickOptions,
  type Range,
  type SaveDialogOptions,
  StatusBarAlignment,
  type StatusBarItem,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  type TreeItemCollapsibleState,
  type TreeView,
  type Uri,
  ViewColumn,
  l10n as vscodeL10n,
  type WebviewOptions,
  type WebviewPanel,
  window,
} from 'vscode';
import { type IconText, type PlainText, plainText, printableLines } from '../model/text/plainText.ts';
import type { Row } from './explorer/row.ts';
import type { Markdown } from './markdown.ts';
import { promptGate } from './promptGate.ts';

/** Longer arguments are cut, so that the sentence around them stays visible. */
const maxArgumentChars = 500;
const maxLogChars = 20_000;

export const l10n = {
  /** Translations by English text; undefined where VS Code speaks English. */
  get bundle(): Readonly<Record<string, string>> | undefined {
    return vscodeL10n.bundle;
  },
  /** Translates one of Trialdeck's sentences. Arguments may come from other machines: they are cut and made plain. */
  t(message: string, ...args: (string | number | PlainText)[]): PlainText {
    const plain = args.map((arg) =>
      // A server may have sent a value of another type.
      typeof arg === 'number' ? arg : plainText(String(arg), maxArgumentChars),
    );
    return plainText(vscodeL10n.t(message, ...plain), 4000);
  },
};

/** Shows a message; await it only to learn the answer. @returns the pressed button */
export function showInformation(message: PlainText, ...buttons: PlainText[]): Thenable<PlainText | undefined> {
  return window.showInformationMessage(message, ...buttons);
}

/** As {@link showInformation}. */
export function showWarning(message: PlainText, ...buttons: PlainText[]): Thenable<PlainText | undefined> {
  return window.showWarningMessage(message, ...buttons);
}

/** As {@link showInformation}. */
export function showError(message: PlainText, ...buttons: PlainText[]): Thenable<PlainText | undefined> {
  return window.showErrorMessage(message, ...buttons);
}

/** Asks before something is lost or changed. @returns the answer; undefined when the user dismissed the dialog */
export function askFirst(
  question: PlainText,
  detail: PlainText,
  ...answers: PlainText[]
): Thenable<PlainText | undefined> {
  return window.showWarningMessage(question, { modal: true, detail }, ...answers);
}

/** As {@link askFirst}, for a question without a risk. */
export function ask(question: PlainText, detail: PlainText, ...answers: PlainText[]): Thenable<PlainText | undefined> {
  return window.showInformationMessage(question, { modal: true, detail }, ...answers);
}

export interface PickItem {
  label: PlainText | IconText;
  description?: PlainText;
  detail?: PlainText;
}

export interface PickQuestion
  extends Pick<QuickPickOptions, 'matchOnDescription' | 'matchOnDetail' | 'ignoreFocusOut'> {
  title?: PlainText;
  placeHolder: PlainText;
}

/** @returns undefined when the user picked nothing */
export function pick<T extends PickItem>(items: readonly T[], question: PickQuestion): Thenable<T | undefined> {
  return promptGate.show(() => window.showQuickPick(items, question));
}

/** @returns undefined when the person backed out */
export function pickSeveral<T extends PickItem>(
  items: readonly T[],
  question: PickQuestion,
): Thenable<T[] | undefined> {
  return promptGate.show(() => window.showQuickPick(items, { ...question, canPickMany: true }));
}

export interface TextQuestion {
  title: PlainText;
  prompt: PlainText;
  value?: string;
  placeHolder?: PlainText;
  password?: boolean;
  ignoreFocusOut?: boolean;
  /** Why the text is not acceptable; undefined when it is. */
  problem?(text: string): PlainText | undefined;
}

/** @returns undefined when the person backed out */
export function askForText({ problem, ...question }: TextQuestion): Thenable<string | undefined> {
  return promptGate.show(() => window.showInputBox(problem ? { ...question, validateInput: problem } : question));
}

/** Options of a file dialog, with Trialdeck's own words. */
export interface FileQuestion extends Omit<OpenDialogOptions, 'title' | 'openLabel'> {
  title: PlainText;
  openLabel: PlainText;
}

export function pickFile(question: FileQuestion): Thenable<Uri[] | undefined> {
  return window.showOpenDialog(question);
}

export function pickNewFile(
  question: Omit<SaveDialogOptions, 'title'> & { title: PlainText },
): Thenable<Uri | undefined> {
  return window.showSaveDialog(question);
}

/** Shows progress until the work is done. */
export function withProgress<T>(title: PlainText, work: () => Thenable<T>): Thenable<T> {
  return window.withProgress({ location: ProgressLocation.Notification, title }, work);
}

/** As {@link withProgress}, with a button to cancel. */
export function withCancellableProgress<T>(
  title: PlainText,
  work: (cancellation: CancellationToken) => Thenable<T>,
): Thenable<T> {
  return window.withProgress(
    { location: ProgressLocation.Notification, title, cancellable: true },
    (_progress, cancellation) => work(cancellation),
  );
}

/** Shows a bar at the top of a view until the work is done. */
export function withViewProgress<T>(viewId: string, work: () => Thenable<T>): Thenable<T> {
  return window.withProgress({ location: { viewId } }, work);
}

/** Shows a success in the status bar for a few seconds. */
export function showDone(text: PlainText | IconText, forMs = 4_000): void {
  window.setStatusBarMessage(text, forMs);
}

/** An item of the status bar. Setting the same text again sends nothing. */
export class StatusItem implements Disposable {
  readonly #item: StatusBarItem;

  constructor(id: string, name: PlainText, command: string) {
    this.#item = window.createStatusBarItem(id, StatusBarAlignment.Left);
    this.#item.name = name;
    this.#item.command = command;
  }

  show(text: IconText, tooltip: PlainText, spoken: PlainText, warns: boolean): void {
    // Each assignment sends a message to the window.
    if (this.#item.text !== text) this.#item.text = text;
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = { label: spoken };
    this.#item.backgroundColor = warns ? new ThemeColor('statusBarItem.warningBackground') : undefined;
    this.#item.show();
  }

  hide(): void {
    this.#item.hide();
  }

  dispose(): void {
    this.#item.dispose();
  }
}

/** @param id unique in the tree */
export function treeItem(row: Row, id: string, folding: TreeItemCollapsibleState): TreeItem {
  const item = new TreeItem(row.label, folding);
  item.id = id;
  item.description = row.description;
  if (row.icon) item.iconPath = new ThemeIcon(row.icon, row.color ? new ThemeColor(row.color) : undefined);
  item.contextValue = row.contextValue;
  item.accessibilityInformation = { label: row.spoken };
  return item;
}

/** @param text undefined for none */
export function setTooltip(item: TreeItem, text: Markdown | undefined): void {
  item.tooltip = text === undefined ? '' : hoverText(text);
}

/** The message above a view's rows, and the badge at its icon. */
export function setViewNotes<T>(
  view: TreeView<T>,
  message: PlainText,
  badge: { value: number; tooltip: PlainText } | undefined,
): void {
  view.message = message;
  view.badge = badge;
}

export interface LensCommand {
  title: PlainText | IconText;
  tooltip?: PlainText;
  command: string;
  arguments?: unknown[];
}

export function codeLens(range: Range, command: LensCommand): CodeLens {
  return new CodeLens(range, command);
}

export function diagnostic(range: Range, message: PlainText, severity: DiagnosticSeverity): Diagnostic {
  const made = new Diagnostic(range, message, severity);
  made.source = 'Trialdeck';
  return made;
}

export function hover(text: Markdown, range: Range): Hover {
  return new Hover(hoverText(text), range);
}

/** Markdown without commands, HTML or icons. */
function hoverText(text: Markdown): MarkdownString {
  const made = new MarkdownString(text);
  made.isTrusted = false;
  made.supportHtml = false;
  made.supportThemeIcons = false;
  return made;
}

/** @param preserveFocus leaves the keyboard where it is */
export function openWebviewPanel(
  type: string,
  title: PlainText,
  preserveFocus: boolean,
  options: WebviewOptions,
): WebviewPanel {
  return window.createWebviewPanel(type, title, { viewColumn: ViewColumn.Active, preserveFocus }, options);
}

export function setPanelTitle(panel: WebviewPanel, title: PlainText): void {
  if (panel.title !== title) panel.title = title;
}

/** The extension's log. Each text stays one entry: its lines are indented and hold no control characters. */
export class Log implements Disposable {
  readonly #channel: LogOutputChannel;

  constructor(name: string) {
    this.#channel = window.createOutputChannel(name, { log: true });
  }

  info(text: string): void {
    this.#channel.info(entry(text));
  }

  warn(text: string): void {
    this.#channel.warn(entry(text));
  }

  /** @param error logged with its stack when it has one */
  error(text: string, error?: unknown): void {
    const what = error instanceof Error ? (error.stack ?? error.message) : error === undefined ? '' : String(error);
    this.#channel.error(entry([text, what].filter(Boolean).join(' ')));
  }

  show(): void {
    this.#channel.show();
  }

  dispose(): void {
    this.#channel.dispose();
  }
}

function entry(text: string): string {
  const start = text.length > maxLogChars ? `${text.slice(0, maxLogChars)}…` : text;
  return printableLines(start).join('\n    ');
}
