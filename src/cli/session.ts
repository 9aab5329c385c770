/** One run of the command line: its options, its output, and its connection to the manager. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { connectLocalManager } from '../client/localManager.ts';
import type { ManagerClient } from '../client/manager.ts';
import { packagedManager } from '../client/nodeProgram.ts';
import { expandHome } from '../model/text/expandHome.ts';
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

  /** Connects to the manager of the experiments folder, and starts it when none runs. */
  async manager(): Promise<ManagerClient> {
    this.#manager ??= await this.#connect();
    return this.#manager;
  }

  /** Connects again after the connection was lost. */
  async reconnect(): Promise<ManagerClient> {
    this.#manager?.dispose();
    this.#manager = await this.#connect();
    return this.#manager;
  }

  /** Prints a text for people; nothing with `--json`. */
  say(text: string): void {
    if (!this.json) writeText(process.stdout, text);
  }

  /** Prints the command's one document with `--json`, else the text. */
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

/** Expands `~/x` where the shell does not, as in `--experiments-dir=~/x`. */
export function untilde(path: string): string {
  return expandHome(path, homedir());
}
