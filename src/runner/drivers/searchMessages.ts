/**
 * Messages between a runner and the thread of its search. They are JSON texts: a structured clone would lose how numbers are
 * written.
 */
import { parseWrittenJson } from '../../model/json/parseJson.ts';
import type { SearchSession } from '../../search/search.ts';

export type SearchCall = 'open' | 'tell' | 'ask' | 'checkpoint';

export interface CallMessage {
  call: SearchCall;
  /** The method's arguments. */
  with: unknown[];
}

export type AnswerMessage = { result?: unknown } | { error: string };

export function encode(message: CallMessage | AnswerMessage): string {
  return JSON.stringify(message);
}

/** Both ends are of one package and check nothing. */
export function decode(text: unknown): unknown {
  return parseWrittenJson(String(text));
}

/** Carries out a call. */
export function carryOut(session: SearchSession, { call, with: given }: CallMessage): Promise<unknown> {
  const method: (...given: never[]) => Promise<unknown> = session[call];
  return Reflect.apply(method, session, given);
}
