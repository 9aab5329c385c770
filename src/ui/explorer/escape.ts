/** Text from elsewhere inside Markdown. */

/**
 * Every mark is escaped, so that no parameter name or message becomes a link, an image, HTML, a theme icon or a table cell
 * of its own; line breaks become spaces because a table row is one line. Long text is cut: a hover is no place for it.
 */
export function escapeMarkdown(text: string, limit = 300): string {
  const line = start(text, limit).replace(/\s+/g, ' ').trim();
  const cut = line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
  return cut.replace(/[!-/:-@[-`{-~]/g, '\\$&');
}

/** Control characters, and the marks that reverse text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unprintable = /[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069\s]+/g;

/** One line for a row of the tree: control characters out, cut at `limit`. */
export function oneLine(text: string, limit = 120): string {
  const line = start(text, limit).replace(unprintable, ' ').trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}

/** Enough of a text to cut it after cleaning: trials may report megabytes. */
function start(text: string, limit: number): string {
  return text.length > limit * 8 ? `${text.slice(0, limit * 8)}…` : text;
}
