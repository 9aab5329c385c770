/**
 * NNI's file channel: a trial appends records to `.nni/metrics` in a folder that runner and trial both see
 * (`nni/runtime/trial_command_channel/local_legacy.py`). It needs no living runner, so a killed runner costs no metric.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../../server/log.ts';
import { diskWriter, type FileWriter } from '../../../system/fileWriter.ts';
import type { Trial } from '../../trials/trial.ts';
import type { ChannelEvents, Position, TrialChannel, TrialLaunch } from '../channel.ts';
import { MetricReader } from './metricReader.ts';

export interface FileChannelOptions {
  /** Absolute path of a trial's folder. */
  folderOf(trialId: string): string;
  events: ChannelEvents;
  log: Logger;
  writer?: FileWriter;
}

export class FileChannel implements TrialChannel {
  #options: FileChannelOptions;
  #readers = new Map<string, MetricReader>();

  constructor(options: FileChannelOptions) {
    this.#options = options;
  }

  /** Throws the system's error, also when the file can't be opened for reading: the trial would run unheard. */
  async open(trial: Trial, attempt: number): Promise<TrialLaunch> {
    const folder = this.#folderOf(trial.id, attempt);
    const metrics = metricsFile(folder);
    mkdirSync(join(folder, '.nni'), { recursive: true });
    (this.#options.writer ?? diskWriter).replaceSync(join(folder, 'parameter.cfg'), JSON.stringify(trial.record));
    writeFileSync(metrics, '', { flag: 'a' });
    this.#read(trial.id, attempt, metrics, 0);
    // Without NNI_TRIAL_COMMAND_CHANNEL, both generations of the SDK take the file channel.
    return { environment: { NNI_PLATFORM: 'local', NNI_SYS_DIR: folder }, files: {} };
  }

  async follow(trial: Trial, attempt: number, position: Position | undefined): Promise<void> {
    const metrics = metricsFile(this.#folderOf(trial.id, attempt));
    // A folder that was removed has nothing to read. Don't make it again.
    if (existsSync(metrics)) this.#read(trial.id, attempt, metrics, typeof position === 'number' ? position : 0);
  }

  async close(trialId: string): Promise<void> {
    const reader = this.#readers.get(trialId);
    this.#readers.delete(trialId);
    await reader?.finish();
  }

  async dispose(): Promise<void> {
    for (const reader of this.#readers.values()) reader.dispose();
    this.#readers.clear();
  }

  /** Each attempt reports in a folder of its own, so that two can't mix. */
  #folderOf(trialId: string, attempt: number): string {
    const folder = this.#options.folderOf(trialId);
    return attempt === 1 ? folder : join(folder, 'attempts', String(attempt));
  }

  /** @param offset byte of the file to read from; it is this channel's position */
  #read(trialId: string, attempt: number, path: string, offset: number): void {
    const { events, log } = this.#options;
    const reader = new MetricReader(
      path,
      offset,
      {
        metrics: (metrics, position) => events.reported(trialId, { attempt, metrics, position }),
        garbage: (garbage, position) => events.reported(trialId, { attempt, metrics: [], garbage, position }),
      },
      log,
    );
    try {
      reader.start();
    } catch (error) {
      reader.dispose();
      throw error;
    }
    this.#readers.set(trialId, reader);
  }
}

function metricsFile(folder: string): string {
  return join(folder, '.nni', 'metrics');
}
