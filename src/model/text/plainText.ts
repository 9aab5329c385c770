/** Text from another machine, a trial or a file, made harmless for a reader that looks for links, icons, markup or commands. */

declare const plain: unique symbol;

/**
 * Text that every part of VS Code shows as it stands. It has no links, icons, control characters or marks that change the direction of
 * writing. Only the functions of this file make it.
 */
export type PlainText = string & { readonly [plain]: true };

declare const iconed: unique symbol;

/** {@link PlainText} behind an icon of ours, for the places where VS Code draws `$(name)`. */
export type IconText = string & { readonly [iconed]: true };

/** VS Code itself cuts a notification here. */
const maxMessageChars = 1000;
const maxLines = 40;

/** Whole escape sequences of terminals: CSI (`ESC [ … m`), OSC and kin (`ESC ] … BEL`), and those of two characters. */
const escapeSequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-Z\\^-~]/g;

/** Control characters but the tab, line separators, marks of direction, invisible tags and halves of characters. */
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]+|[\u{e0000}-\u{e007f}\ud800-\udfff]+/gu;

/**
 * Takes escape sequences, control characters and marks of direction out of a text, line by line. For a terminal or a log, which
 * show everything else as it is. Lines may end with `\r\n`, `\n` or `\r`; blanks and tabs stay.
 */
export function printableLines(text: string): string[] {
  return text
    .replace(escapeSequences, '')
    .split(/\r\n|\n|\r/)
    .map((line) => line.replace(unprintable, ' '));
}

/** {@link printableLines} as one line, with single blanks. */
export function printable(text: string): string {
  return printableLines(text).join(' ').replace(/\s+/g, ' ').trim();
}

/**
 * One line that is shown as it stands.
 *
 * VS Code turns `[text](command:…)` in notifications, prompts and progress into a link (`LINK_REGEX` in
 * `vs/base/common/linkedText.ts`) and `$(name)` in labels into an icon (`vs/base/common/iconLabels.ts`). Neither form can be
 * escaped, so a blank breaks it: `[text] (command:…)`, `$ (name)`.
 *
 * @param maxChars longer text is cut
 */
export function plainText(text: string, maxChars = maxMessageChars): PlainText {
  // Trials may report megabytes: clean only what can be shown.
  const start = text.length > maxChars * 8 ? `${text.slice(0, maxChars * 8)}…` : text;
  return cut(breakMarkup(printable(start)), maxChars) as PlainText;
}

/** Lines one below the other, as in the details of a dialog. @param lines each is one line, whatever it holds */
export function plainLines(lines: readonly string[]): PlainText {
  const shown = lines.slice(0, maxLines).map((line) => plainText(line));
  return [...shown, ...(lines.length > maxLines ? ['…'] : [])].join('\n') as PlainText;
}

/** Parts that are there, with a separator of ours between them. */
export function joinPlain(parts: readonly PlainText[], separator: string): PlainText {
  return breakMarkup(parts.filter(Boolean).join(separator)) as PlainText;
}

/** @param icon a codicon of ours, maybe with a modifier such as `~spin` */
export function withIcon(icon: string, text: PlainText): IconText {
  return `$(${icon}) ${text}` as IconText;
}

function breakMarkup(text: string): string {
  return text.replaceAll('](', '] (').replaceAll('$(', '$ (');
}

function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  // Do not cut between the halves of a character.
  return `${text.slice(0, maxChars - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
