/** Asks what answers at a port of this machine whether it is a manager: briefly, and with little trust. */
import { request } from 'node:http';
import { parseJson } from '../model/json/parseJson.ts';
import { readText } from '../wire/readBody.ts';
import { managerRoutes } from '../wire/routes.ts';

/** A manager answers within milliseconds; one that does not within this time hangs. */
const timeoutMs = 2000;
/** It says who it is in a few hundred bytes, and warns of damage in a few more. */
const maxBytes = 256 * 1024;

/** What a manager says of itself, not judged yet; undefined where nothing, or no manager, answers in time. */
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
