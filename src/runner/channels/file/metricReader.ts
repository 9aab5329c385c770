/** Follows the file that a trial appends its metrics to. */
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

const chunkBytes = 1024 * 1024;
const windowsPollMs = 1000;
/** All readers share it: a read is synchronous, and its bytes are copied at once. */
let chunk: Buffer | undefined;

export class MetricReader {
  #path: string;
  #events: MetricReaderEvents;
  #log: Logger;
  #decoder: MetricFrameDecoder;
  #file: number | undefined;
  #watch: Watch | undefined;
  #continuing = false;

  /** @param offset byte of the file that an earlier reader got to */
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

  /** Reads the rest of the file after the trial's end. An unfinished frame counts as broken. */
  async finish(): Promise<void> {
    this.#stopFollowing();
    try {
      while (this.#readChunk()) await nextTurn();
      this.#report(this.#decoder.finish());
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
      return; // The next write, or the trial's end, tries again.
    }
    // A trial that writes without pause must not stop the rest of the runner.
    this.#continuing = true;
    setImmediate(() => {
      this.#continuing = false;
      this.#read();
    });
  }

  /** Returns whether there may be more. */
  #readChunk(): boolean {
    if (this.#file === undefined) return false;
    chunk ??= Buffer.allocUnsafe(chunkBytes);
    const from = this.#decoder.received;
    const size = readSync(this.#file, chunk, 0, chunkBytes, from);
    if (size === 0) {
      const end = fstatSync(this.#file).size;
      if (end >= from) return false;
      this.#decoder = new MetricFrameDecoder(0);
      this.#events.garbage(`the metric file was cut from ${from} to ${end} bytes and is read from its start`, 0);
      return end > 0;
    }
    this.#report(this.#decoder.push(chunk.subarray(0, size)));
    return size === chunkBytes;
  }

  #report(decoded: ReturnType<MetricFrameDecoder['push']>): void {
    const offset = this.#decoder.offset;
    if (decoded.metrics.length > 0) this.#events.metrics(decoded.metrics, offset);
    const [reason] = decoded.garbage;
    if (reason !== undefined) this.#events.garbage(reason, offset);
  }
}
