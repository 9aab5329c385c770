/** Texts of any length, cut to a length that a person reads. */

/** The beginning of a text, at most `maxChars` characters of it; a cut text says so and how long it was. */
export function shorten(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  // Half a surrogate pair is not a character.
  const end = /[\uD800-\uDBFF]/.test(text[maxChars - 1] ?? '') ? maxChars - 1 : maxChars;
  return `${text.slice(0, end)}… (cut; ${text.length} characters in all)`;
}
