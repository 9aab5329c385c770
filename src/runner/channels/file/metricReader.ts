/** Follows a trial's metric file. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../../../model/text/messageOf.ts';
import type { Logger } from '../../../server/log.ts';
import { type Watch, watchFolder } from '../../../system/watchFolder.ts';
import type { TrialMetric } from '../channel.ts';
import { MetricFrameDecoder } from './metricFrames.ts';

export interface MetricReaderEvents {
  metrics(metrics: readonly TrialMetric[], offset: number): void;
  garbage(reason: string, offset: number): void;
}

const chunkSize = 1024 * 1024;
const windowsPollMs = 1000;
/** Shared by all readers: reading is synchronous and its bytes are copied at once. */
let chunk: Buffer | undefined;

export class MetricReader {
  #path: string;
  #events: MetricReaderEvents;
  #log: Logger;
  #decoder: MetricFrameDecoder;
  #file: number | undefined;
  #watch: Watch | undefined;
  #continuing = false;

  /** @param offset where an earlier reader got to. */
  constructor(path: string, offset: number, events: MetricReaderEvents, log: Logger) {
    this.#path = path;
    this.#events = events;
    this.#log = log;
    this.#decoder = new MetricFrameDecoder(offset);
  }

  /** Opens the file, which exists, and follows it until {@link finish} or {@link dispose}. Throws the system's error. */
  start(): void {
    this.#file = openSync(this.#path, 'r');
    this.#watch = watchFolder(this.#path, () => this.#read(), {
      // Windows reports a change only when the trial closes the file, mostly at its end (nodejs/node#36888).
      ...(process.platform === 'win32' ? { pollIntervalMs: windowsPollMs } : {}),
      degraded: (error) => {
        this.#log.warning(
          `${this.#path} can't be watched (${messageOf(error)}); it is read every few seconds instead.`,
        );
      },
    });
    this.#read();
  }

  /** The trial is over: reads what is left and judges an unfinished frame. */
  async finish(): Promise<void> {
    this.#stopFollowing();
    try {
      while (this.#readChunk()) await nextTurn();
      this.#give(this.#decoder.finish());
    } finally {
      this.dispose();
    }
  }

  dispose(): void {
    this.#stopFollowing();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #stopFollowing(): void {
    this.#watch?.dispose();
    this.#watch = undefined;
  }

  #read(): void {
    if (this.#continuing || this.#file === undefined) return;
    try {
      if (!this.#readChunk()) return;
    } catch (error) {
      this.#log.error(`${this.#path} can't be read: ${messageOf(error)}`);
      return; // the next write, or the trial's end, is the next try
    }
    // A trial that writes without pause must not keep the runner from everything else.
    this.#continuing = true;
    setImmediate(() => {
      this.#continuing = false;
      this.#read();
    });
  }

  /** Returns whether there may be more. */
  #readChunk(): boolean {
    if (this.#file === undefined) return false;
    chunk ??= Buffer.allocUnsafe(chunkSize);
    const from = this.#decoder.received;
    const size = readSync(this.#file, chunk, 0, chunkSize, from);
    if (size === 0) {
      const end = fstatSync(this.#file).size;
      if (end >= from) return false;
      this.#decoder = new MetricFrameDecoder(0);
      this.#events.garbage(`the metric file was cut from ${from} to ${end} bytes and is read from its start`, 0);
      return end > 0;
    }
    this.#give(this.#decoder.push(chunk.subarray(0, size)));
    return size === chunkSize;
  }

  #give(decoded: ReturnType<MetricFrameDecoder['push']>): void {
    const offset = this.#decoder.offset;
    if (decoded.metrics.length > 0) this.#events.metrics(decoded.metrics, offset);
    const [reason] = decoded.garbage;
    if (reason !== undefined) this.#events.garbage(reason, offset);
  }
}
