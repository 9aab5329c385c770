/** Asks the program at a port of this machine whether it is a manager: briefly, and with little trust. */
import { request } from 'node:http';
import { parseJson } from '../model/json/parseJson.ts';
import { readText } from '../wire/readBody.ts';
import { managerRoutes } from '../wire/routes.ts';

/** A manager answers within milliseconds. A program that takes longer is not a working one. */
const timeoutMs = 2000;
/** A manager describes itself in a few hundred bytes, and warns of damage in a few more. */
const maxBytes = 256 * 1024;

/** A manager's description of itself, not checked yet; undefined where no manager answers in time. */
export function askManager(host: string, port: number): Promise<unknown> {
  return new Promise((resolve) => {
    const ask = request({ host, port, path: managerRoutes.info }, (response) => {
      const limits = { maxBytes, silenceTimeoutMs: timeoutMs, timeoutMs, abort: () => ask.destroy() };
      readText(response, limits)
        .then(parseJson)
        .then(resolve, () => resolve(undefined));
    });
    const timer = setTimeout(() => ask.destroy(), timeoutMs);
    ask.on('close', () => clearTimeout(timer));
    ask.on('error', () => resolve(undefined));
    ask.end();
  });
}
