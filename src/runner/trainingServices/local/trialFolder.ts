/** A trial's folder, laid out as NNI's local service does (`ts/nni_manager/training_service/local_v3`). */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { experimentLayout } from '../../../server/storage/layout.ts';

/** NNI's name of the one environment of its local service. */
export const localEnvironmentId = 'local-env';

export class TrialFolder {
  readonly path: string;
  /** Exit code and end time, which the trial's wrapper leaves for a later runner. */
  readonly state: string;
  readonly stdout: string;
  readonly stderr: string;

  constructor(experimentDirectory: string, trialId: string) {
    this.path = experimentLayout.trial(experimentDirectory, trialId);
    this.state = join(this.path, '.nni', 'state');
    this.stdout = join(this.path, 'trial.stdout');
    this.stderr = join(this.path, 'trial.stderr');
  }

  get exists(): boolean {
    return existsSync(this.path);
  }

  /**
   * Makes the folder and the files that the trial's channel asks for.
   *
   * @param files texts by their path below the folder
   * @throws the system's error
   */
  prepare(files: Readonly<Record<string, string>>): void {
    mkdirSync(dirname(this.state), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.path, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }

  /** Time at which the trial's output began, in epoch milliseconds; undefined where the file system does not keep it. */
  get startTime(): number | undefined {
    const created = statSync(this.stdout, { throwIfNoEntry: false })?.birthtimeMs;
    return created ? Math.round(created) : undefined;
  }

  /** How the trial ended; undefined while it runs, or when its wrapper was killed before it wrote that. */
  readState(): { code: number; endTime: number } | undefined {
    let text: string;
    try {
      text = readFileSync(this.state, 'utf8');
    } catch {
      return undefined;
    }
    // The line is complete only with its newline.
    const match = /^(\d+) (\d+)\n/.exec(text);
    return match ? { code: Number(match[1]), endTime: Number(match[2]) } : undefined;
  }
}
