/** A search in a thread of its own: the runner answers requests and reads metrics while it computes. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ExperimentConfig } from '../../model/config/config.ts';
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import { messageOf } from '../../model/text/messageOf.ts';
import type { Answer, Checkpoint, SearchEvent } from '../../search/algorithm.ts';
import { createSearch } from '../../search/registry.ts';
import type { SearchSession, Told } from '../../search/search.ts';
import { type Deferred, deferred } from '../deferred.ts';
import { type AnswerMessage, decode, encode, type SearchCall } from './searchMessages.ts';

/**
 * Makes the search of a config, in a thread where one of its algorithms needs that.
 *
 * @throws Error with words for a person when an algorithm of the config does not run natively
 */
export async function openSearch(config: ExperimentConfig): Promise<SearchSession> {
  const search = await createSearch(config);
  if (!search.needs.thread) return search;
  await search.dispose();
  return new SearchThread(config, search.needs);
}

export class SearchThread implements SearchSession {
  readonly needs: SearchSession['needs'];
  readonly #worker: Worker;
  #call: Deferred<unknown> | undefined;
  #ended: Error | undefined;

  constructor(config: ExperimentConfig, needs: SearchSession['needs']) {
    this.needs = needs;
    this.#worker = new Worker(workerFile(), { workerData: JSON.stringify(config) });
    this.#worker.on('message', (text) => this.#answered(decode(text) as AnswerMessage));
    this.#worker.on('error', (error) => this.#end(messageOf(error)));
    this.#worker.on('exit', (code) => this.#end(`it exited with code ${code}`));
  }

  async open(space: SearchSpace, from?: Checkpoint): Promise<void> {
    await this.#ask('open', [space, ...(from ? [from] : [])]);
  }

  async tell(events: readonly SearchEvent[]): Promise<Told> {
    return (await this.#ask('tell', [events])) as Told;
  }

  async ask(count: number, firstId: number): Promise<Answer> {
    return (await this.#ask('ask', [count, firstId])) as Answer;
  }

  checkpoint(): Promise<unknown> {
    return this.#ask('checkpoint', []);
  }

  async dispose(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(call: SearchCall, given: unknown[]): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (this.#call) return Promise.reject(new Error('The search is still busy with the call before.'));
    const answer = deferred<unknown>();
    this.#call = answer;
    this.#worker.postMessage(encode({ call, with: given }));
    return answer.promise;
  }

  #answered(message: AnswerMessage): void {
    const call = this.#call;
    this.#call = undefined;
    if ('error' in message) call?.reject(new Error(message.error));
    else call?.resolve(message.result);
  }

  #end(reason: string): void {
    this.#ended ??= new Error(`The thread of the search has ended: ${reason}`);
    this.#call?.reject(this.#ended);
    this.#call = undefined;
  }
}

/** Beside this file in the sources; beside `dist/runner.js` in a package. */
function workerFile(): string {
  const files = ['./searchWorker.js', './searchWorker.ts'].map((name) => fileURLToPath(new URL(name, import.meta.url)));
  const file = files.find((candidate) => existsSync(candidate));
  if (file === undefined) throw new Error(`The file ${files[0]} is missing: reinstall Trialdeck.`);
  return file;
}
