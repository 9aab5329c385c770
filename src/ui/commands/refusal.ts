import type { PlainText } from '../../model/text/plainText.ts';

/** A command that makes no sense now says so plainly; that is no failure and goes into no log. */
export class Refusal extends Error {
  /** A command that leads out of it, offered as a button. */
  readonly remedy: { title: PlainText; command: string; args?: unknown[] } | undefined;

  constructor(message: string, remedy?: Refusal['remedy']) {
    super(message);
    this.name = 'Refusal';
    this.remedy = remedy;
  }
}

/** The person backed out; nothing is said. */
export class Dismissed extends Error {
  constructor() {
    super('dismissed');
    this.name = 'Dismissed';
  }
}

/** Turns "nothing chosen" of a native dialog into {@link Dismissed}. */
export async function chosen<T>(answer: Thenable<T | undefined>): Promise<T> {
  const value = await answer;
  if (value === undefined) throw new Dismissed();
  return value;
}
