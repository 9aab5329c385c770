/** A trial's folder, laid out as NNI's local service does, and the small files runner and trial meet in. */
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ParameterRecord } from '../../../model/trial/trial.ts';
import { diskWriter, type FileWriter } from '../../../system/fileWriter.ts';

/** NNI's name of the one environment of its local service. */
export const localEnvironmentId = 'local-env';

export class TrialFolder {
  readonly path: string;
  readonly metrics: string;
  /** Exit code and time, left by the trial's wrapper for whoever asks later. */
  readonly state: string;
  readonly stdout: string;
  readonly stderr: string;

  constructor(experimentDirectory: string, trialId: string) {
    this.path = join(experimentDirectory, 'environments', localEnvironmentId, 'trials', trialId);
    this.metrics = join(this.path, '.nni', 'metrics');
    this.state = join(this.path, '.nni', 'state');
    this.stdout = join(this.path, 'trial.stdout');
    this.stderr = join(this.path, 'trial.stderr');
  }

  /** Makes the folder and gives the trial its parameters, before it is started. Throws the system's error. */
  prepare(record: ParameterRecord, writer: FileWriter = diskWriter): void {
    mkdirSync(join(this.path, '.nni'), { recursive: true });
    writer.replaceSync(join(this.path, 'parameter.cfg'), JSON.stringify(record));
    writeFileSync(this.metrics, '', { flag: 'a' });
  }

  /** How the trial ended, when its wrapper lived to say so. */
  readState(): { code: number; endTime: number } | undefined {
    let text: string;
    try {
      text = readFileSync(this.state, 'utf8');
    } catch {
      return undefined;
    }
    // Complete only with its newline.
    const match = /^(\d+) (\d+)\n/.exec(text);
    return match ? { code: Number(match[1]), endTime: Number(match[2]) } : undefined;
  }

  /** The last `limit` bytes of the error output, as text; empty when there is none. */
  readErrors(limit = 16 * 1024): string {
    let file: number | undefined;
    try {
      file = openSync(this.stderr, 'r');
      const { size } = fstatSync(file);
      const tail = Buffer.alloc(Math.min(size, limit));
      return tail.toString('utf8', 0, readSync(file, tail, 0, tail.length, size - tail.length));
    } catch {
      return '';
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }
}
