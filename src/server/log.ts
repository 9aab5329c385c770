/** Logs of runner and manager, in the line format of NNI's manager (`ts/nni_manager/common/log.ts`). */
import { createWriteStream, type WriteStream } from 'node:fs';
import { format } from 'node:util';

const logLevels = ['trace', 'debug', 'info', 'warning', 'error', 'critical'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What the parts of a runner log to. */
export interface Logger {
  debug(...message: unknown[]): void;
  info(...message: unknown[]): void;
  warning(...message: unknown[]): void;
  error(...message: unknown[]): void;
}

export const silentLogger: Logger = { debug() {}, info() {}, warning() {}, error() {} };

/** Logs lines of one module at `level` and above. */
export function lineLogger(write: (line: string) => void, level: LogLevel, module: string): Logger {
  const at =
    (messageLevel: LogLevel) =>
    (...message: unknown[]) => {
      if (logLevels.indexOf(messageLevel) < logLevels.indexOf(level)) return;
      write(`[${localTime(new Date())}] ${messageLevel.toUpperCase()} (${module}) ${format(...message)}\n`);
    };
  return { debug: at('debug'), info: at('info'), warning: at('warning'), error: at('error') };
}

/** The runner's log, `<experiment>/log/nnimanager.log`. */
export class LogFile {
  #stream: WriteStream;
  #level: LogLevel;
  #echo: boolean;
  /** A log that can't be written (disk full) must not stop an experiment. */
  #broken = false;

  /** @param echo also writes every line to the standard error output. */
  constructor(file: string, level: LogLevel, echo: boolean) {
    this.#level = level;
    this.#echo = echo;
    this.#stream = createWriteStream(file, { flags: 'a' });
    this.#stream.on('error', () => {
      this.#broken = true;
    });
  }

  logger(module: string): Logger {
    return lineLogger((line) => this.#write(line), this.#level, module);
  }

  close(): Promise<void> {
    if (this.#broken) return Promise.resolve();
    return new Promise((resolve) => {
      this.#stream.once('close', () => resolve());
      this.#stream.end();
    });
  }

  #write(line: string): void {
    if (this.#echo) process.stderr.write(line);
    if (!this.#broken) this.#stream.write(line);
  }
}

function localTime(date: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
