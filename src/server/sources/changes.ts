/** Numbers the changes of one experiment and hands them to listeners. */
import { randomBytes } from 'node:crypto';
import { ChangeMerger, type UnnumberedChange } from '../../model/experiment/change.ts';
import type { ExperimentChange } from '../../model/experiment/experiment.ts';

/** Changes that stay for a client that missed some; up to twice as many are in memory. */
const minKeptChanges = 2000;

export interface ChangeListener {
  change(change: ExperimentChange): void;
  /** Called when no more changes come: another process serves the experiment now, or none does. */
  ended(): void;
}

/**
 * Numbers changes and hands them to listeners. All changes of one turn of the event loop are one change, so a burst of metrics is one
 * message. Nothing waits longer than that.
 */
export class ChangeStream {
  #session = randomBytes(8).toString('hex');
  #revision = 0;
  #recent: ExperimentChange[] = [];
  #listeners = new Set<ChangeListener>();
  #pending: ChangeMerger | undefined;
  #scheduled: NodeJS.Immediate | undefined;

  /** Names the numbering: revisions of another session mean nothing here. */
  get session(): string {
    return this.#session;
  }

  /** The newest revision. Reading it hands on pending changes first. */
  get revision(): number {
    this.flush();
    return this.#revision;
  }

  publish(change: UnnumberedChange): void {
    this.#pending ??= new ChangeMerger();
    this.#pending.add(change);
    this.#scheduled ??= setImmediate(() => this.flush());
  }

  /** Hands on pending changes now. */
  flush(): void {
    if (this.#scheduled) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    const change: ExperimentChange = { revision: ++this.#revision, ...pending.merged() };
    this.#recent.push(change);
    if (this.#recent.length > 2 * minKeptChanges) this.#recent = this.#recent.slice(-minKeptChanges);
    for (const listener of [...this.#listeners]) listener.change(change);
  }

  /** Changes after `revision`; undefined when they are no longer known. */
  since(session: string, revision: number): ExperimentChange[] | undefined {
    this.flush();
    if (session !== this.session || revision > this.#revision) return undefined;
    if (revision === this.#revision) return [];
    const first = this.#recent[0];
    if (!first || first.revision > revision + 1) return undefined;
    return this.#recent.slice(revision + 1 - first.revision);
  }

  /** Begins a new session, so that every client reads everything again. For a change that takes something away. */
  restart(): void {
    this.flush();
    this.#session = randomBytes(8).toString('hex');
    this.#recent = [];
    for (const listener of [...this.#listeners]) listener.ended();
  }

  /** Whether the experiment has listeners. */
  get listening(): boolean {
    return this.#listeners.size > 0;
  }

  listen(listener: ChangeListener): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  dispose(): void {
    if (this.#scheduled) clearImmediate(this.#scheduled);
    for (const listener of [...this.#listeners]) listener.ended();
    this.#listeners.clear();
  }
}
