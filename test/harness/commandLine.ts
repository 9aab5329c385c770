/** Runs the `trialdeck` command in its own folder and home. */
import { execa } from 'execa';
import { bundles } from './bundles.ts';
import type { Home } from './home.ts';

export interface CommandResult {
  code: number | undefined;
  stdout: string;
  stderr: string;
}

/** A command that still runs. */
export interface RunningCommand {
  pid: number;
  /** Resolves with the output so far as soon as it matches. Rejects when the command ends before. */
  until(text: RegExp): Promise<string>;
  interrupt(): void;
  ended: Promise<CommandResult>;
}

export class CommandLine {
  readonly #home: Home;
  readonly #environment: Record<string, string>;

  constructor(home: Home, environment: Record<string, string> = {}) {
    this.#home = home;
    this.#environment = environment;
  }

  /** Starts the command without `--experiments-dir`: the default lies in the home. */
  async start(...args: string[]): Promise<RunningCommand> {
    const { cli } = await bundles();
    const child = execa(process.execPath, [cli, ...args], {
      cwd: this.#home.path,
      env: { ...this.#home.environment(), ...this.#environment },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      stripFinalNewline: false,
    });
    let printed = '';
    let look = (): void => undefined;
    child.stdout.on('data', (chunk) => {
      printed += String(chunk);
      look();
    });
    const ended = child.then(({ exitCode, stdout, stderr }) => ({ code: exitCode, stdout, stderr }));
    return {
      pid: child.pid ?? 0,
      until: (text) =>
        new Promise((resolve, reject) => {
          look = () => {
            if (text.test(printed)) resolve(printed);
          };
          look();
          void ended.then(({ code, stdout, stderr }) =>
            reject(new Error(`It ended with ${code} without ${text}:\n${stdout}${stderr}`)),
          );
        }),
      interrupt: () => void child.kill('SIGINT'),
      ended,
    };
  }

  /** Runs the command to its end. */
  async run(...args: string[]): Promise<CommandResult> {
    return (await this.start(...args)).ended;
  }
}
