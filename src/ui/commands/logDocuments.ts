/**
 * Logs as read-only documents (`trialdeck-log:`) that follow the file while they are visible: read again when the trial
 * changes and, while it runs, every two seconds. A hidden log is not read.
 */
import {
  type Disposable,
  EventEmitter,
  Position,
  Range,
  type TextDocument,
  type TextDocumentContentProvider,
  TextEditorRevealType,
  Uri,
  window,
  workspace,
} from 'vscode';
import { messageOf } from '../../model/text/messageOf.ts';
import { Disposables } from '../../store/disposables.ts';
import { l10n } from '../window.ts';

const logScheme = 'trialdeck-log';
/** A larger log shows only its end. */
const maxLogBytes = 1_000_000;
const readIntervalMs = 2_000;
/** Several metrics at once cause one read. */
const settleMs = 250;

export interface LogAddress {
  connectionId: string;
  experimentId: string;
  /** Absent for the experiment's own log. */
  trialId?: string;
  /** Of the file. */
  name: string;
}

export interface LogSource {
  /** Reads the last `maxBytes` bytes. Rejects with a message for the user. */
  read(address: LogAddress, maxBytes: number): Promise<{ text: string; truncated: boolean }>;
  /** Whether the log may still grow. */
  grows(address: LogAddress): boolean;
  /** Calls back when the experiment or trial changes. */
  onDidChange(listener: (what: { connectionId: string; experimentId: string }) => void): Disposable;
}

/** @param label what the tab says. */
export function logUri(address: LogAddress, label: string): Uri {
  return Uri.from({
    scheme: logScheme,
    path: `/${label.replaceAll('/', '_')}`,
    query: JSON.stringify([address.connectionId, address.experimentId, address.trialId ?? null, address.name]),
  });
}

function logAddress(uri: Uri): LogAddress | undefined {
  try {
    const parts: unknown = JSON.parse(uri.query);
    if (!Array.isArray(parts)) return undefined;
    const [connectionId, experimentId, trialId, name] = parts as unknown[];
    if (typeof connectionId !== 'string' || typeof experimentId !== 'string' || typeof name !== 'string')
      return undefined;
    return { connectionId, experimentId, name, ...(typeof trialId === 'string' ? { trialId } : {}) };
  } catch {
    return undefined;
  }
}

export class LogDocuments implements TextDocumentContentProvider, Disposable {
  readonly #source: LogSource;
  readonly #changed = new EventEmitter<Uri>();
  readonly #disposables = new Disposables();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Documents whose last line was visible before the text grew; they scroll to the new end. */
  readonly #lineCounts = new Map<string, number>();
  #interval: NodeJS.Timeout | undefined;

  readonly onDidChange = this.#changed.event;

  constructor(source: LogSource) {
    this.#source = source;
    this.#disposables.add(
      workspace.registerTextDocumentContentProvider(logScheme, this),
      source.onDidChange((what) => this.#onChange(what)),
      window.onDidChangeVisibleTextEditors(() => this.#watchVisible()),
      workspace.onDidChangeTextDocument(({ document }) => this.#scrollOn(document)),
      workspace.onDidCloseTextDocument(({ uri }) => this.#lineCounts.delete(uri.toString())),
    );
    this.#watchVisible();
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const address = logAddress(uri);
    if (!address) return l10n.t('This is not the address of a log.');
    try {
      const { text, truncated } = await this.#source.read(address, maxLogBytes);
      if (text === '') {
        return this.#source.grows(address)
          ? l10n.t('Nothing has been written yet; this follows when it is.')
          : l10n.t('Nothing was written.');
      }
      return truncated ? `${l10n.t('… only the last {0} MB are shown', maxLogBytes / 1e6)}\n${text}` : text;
    } catch (error) {
      return l10n.t('The log could not be read: {0}', messageOf(error));
    }
  }

  dispose(): void {
    clearInterval(this.#interval);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#disposables.dispose();
    this.#changed.dispose();
  }

  #visible(): { uri: Uri; address: LogAddress }[] {
    return window.visibleTextEditors.flatMap(({ document: { uri } }) => {
      const address = uri.scheme === logScheme ? logAddress(uri) : undefined;
      return address ? [{ uri, address }] : [];
    });
  }

  #watchVisible(): void {
    const visible = this.#visible();
    for (const { uri, address } of visible) if (this.#source.grows(address)) this.#schedule(uri);
    if (visible.length === 0) {
      clearInterval(this.#interval);
      this.#interval = undefined;
    } else {
      this.#interval ??= setInterval(() => {
        for (const { uri, address } of this.#visible()) if (this.#source.grows(address)) this.#schedule(uri);
      }, readIntervalMs);
    }
  }

  #onChange(what: { connectionId: string; experimentId: string }): void {
    for (const { uri, address } of this.#visible()) {
      if (address.connectionId === what.connectionId && address.experimentId === what.experimentId) this.#schedule(uri);
    }
  }

  #schedule(uri: Uri): void {
    const key = uri.toString();
    if (this.#timers.has(key)) return;
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        this.#changed.fire(uri);
      }, settleMs),
    );
  }

  #scrollOn(document: TextDocument): void {
    if (document.uri.scheme !== logScheme) return;
    const key = document.uri.toString();
    const before = this.#lineCounts.get(key) ?? document.lineCount;
    this.#lineCounts.set(key, document.lineCount);
    for (const editor of window.visibleTextEditors) {
      if (editor.document !== document) continue;
      const bottom = Math.max(...editor.visibleRanges.map((range) => range.end.line));
      if (bottom < before - 2) continue;
      const end = new Position(document.lineCount - 1, 0);
      editor.revealRange(new Range(end, end), TextEditorRevealType.Default);
    }
  }
}
