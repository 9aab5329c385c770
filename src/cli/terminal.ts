/** What is written to the terminal, and the only file that writes there. What servers and trials say can't move the cursor. */
import { printableLines } from '../model/text/plainText.ts';

/** Lines of text. */
export function writeText(stream: NodeJS.WritableStream, text: string): void {
  stream.write(`${printableLines(text).join('\n')}\n`);
}

/** A JSON document. JSON has no NaN and no infinities: they are written as text. */
export function writeJson(stream: NodeJS.WritableStream, document: unknown): void {
  stream.write(`${jsonText(document)}\n`);
}

/** Puts a text in place of the line that the cursor is in; an empty one leaves the line free. */
export function redrawLine(stream: NodeJS.WritableStream, text: string): void {
  stream.write(`\r\u001b[2K${printableLines(text).join(' ')}`);
}

/** As {@link writeJson} writes it: characters that a terminal would act on are escaped, which JSON leaves as they are. */
export function jsonText(value: unknown): string {
  const finite = (_key: string, entry: unknown) =>
    typeof entry === 'number' && !Number.isFinite(entry) ? String(entry) : entry;
  const text = JSON.stringify(value, finite, 2) ?? 'null';
  return text.replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
