/** Entry of the thread that computes a search: carries out one call after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { parseConfig } from '../../model/config/config.ts';
import { messageOf } from '../../model/text/messageOf.ts';
import { createSearch } from '../../search/registry.ts';
import { type AnswerMessage, type CallMessage, carryOut, decode, encode } from './searchMessages.ts';

const session = createSearch(parseConfig(String(workerData)));

async function answer(message: CallMessage): Promise<AnswerMessage> {
  try {
    return { result: await carryOut(await session, message) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

parentPort?.on('message', (text: unknown) => {
  void answer(decode(text) as CallMessage).then((message) => parentPort?.postMessage(encode(message)));
});
