import type { PlainText } from '../../model/text/plainText.ts';

/** A command is not possible now. The message says why; a refusal is not a failure and is not logged. */
export class Refusal extends Error {
  /** A command that resolves the situation, offered as a button. */
  readonly remedy: { title: PlainText; command: string; args?: unknown[] } | undefined;

  constructor(message: string, remedy?: Refusal['remedy']) {
    super(message);
    this.name = 'Refusal';
    this.remedy = remedy;
  }
}

/** The user dismissed a dialog; nothing is reported. */
export class Dismissed extends Error {
  constructor() {
    super('dismissed');
    this.name = 'Dismissed';
  }
}

/** Returns a dialog's answer. @throws {@link Dismissed} when there is none */
export async function requireAnswer<T>(answer: Thenable<T | undefined>): Promise<T> {
  const value = await answer;
  if (value === undefined) throw new Dismissed();
  return value;
}
