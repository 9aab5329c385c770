/** What one run of the command line works with: its options, where it prints, and the manager when it needs one. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { connectLocalManager } from '../client/localManager.ts';
import type { ManagerClient } from '../client/manager.ts';
import { packagedManager } from '../client/nodeProgram.ts';
import { writeJson, writeText } from './terminal.ts';

export interface GlobalOptions {
  experimentsDir?: string;
  json?: boolean;
}

export class Session {
  /** Absolute. */
  readonly experimentsDirectory: string;
  readonly json: boolean;
  #manager: ManagerClient | undefined;

  constructor(options: GlobalOptions) {
    this.experimentsDirectory = resolve(untilde(options.experimentsDir ?? '~/nni-experiments'));
    this.json = options.json ?? false;
  }

  /** The manager of the experiments folder, started when none runs. */
  async manager(): Promise<ManagerClient> {
    this.#manager ??= await this.#connect();
    return this.#manager;
  }

  /** The same after it was lost. */
  async reconnect(): Promise<ManagerClient> {
    this.#manager?.dispose();
    this.#manager = await this.#connect();
    return this.#manager;
  }

  /** For people; with `--json` nothing is printed. */
  say(text: string): void {
    if (!this.json) writeText(process.stdout, text);
  }

  /** The one document of `--json`, or else the text. */
  print(document: unknown, text: string): void {
    if (this.json) writeJson(process.stdout, document);
    else if (text !== '') writeText(process.stdout, text);
  }

  dispose(): void {
    this.#manager?.dispose();
  }

  #connect(): Promise<ManagerClient> {
    return connectLocalManager({
      experimentsDirectory: this.experimentsDirectory,
      managerScript: packagedManager(),
      start: true,
    });
  }
}

/** `~/x` as a shell would read it; needed where the shell did not, as in `--experiments-dir=~/x`. */
export function untilde(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}
