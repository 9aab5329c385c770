/** Markdown for hovers, with every outside text escaped. Free of vscode. */
import { plainText } from '../model/text/plainText.ts';

declare const marked: unique symbol;

/** Markdown that this extension wrote. {@link escapeMarkdown} and {@link markdown} make it. */
export type Markdown = string & { readonly [marked]: true };

/**
 * Escapes every mark, so that no parameter name or message becomes a link, an image, HTML, a theme icon or a table cell of its
 * own. Line breaks become spaces because a table row is one line.
 *
 * @param maxChars longer text is cut
 */
export function escapeMarkdown(text: string, maxChars = 300): Markdown {
  return plainText(text, maxChars).replace(/[!-/:-@[-`{-~]/g, '\\$&') as Markdown;
}

/** Template tag for Markdown. Text from elsewhere must pass through {@link escapeMarkdown} first. */
export function markdown(parts: TemplateStringsArray, ...values: Markdown[]): Markdown {
  return String.raw({ raw: parts }, ...values) as Markdown;
}

/** @param separator Markdown written in this extension */
export function joinMarkdown(parts: readonly Markdown[], separator: string): Markdown {
  return parts.join(separator) as Markdown;
}
