/** Completes keys and values of YAML configs, where no YAML extension does it with the schema. */
import {
  CompletionItem,
  CompletionItemKind,
  type CompletionItemProvider,
  type Position,
  Range,
  SnippetString,
  type TextDocument,
} from 'vscode';
import { type ConfigPlace, placeAt, type Suggestion, suggestionsAt } from '../../model/config/configOutline.ts';
import type { Settings } from '../settings.ts';
import { isConfigDocument } from './configDocuments.ts';
import { yamlExtensionInstalled } from './yamlSchema.ts';

export class ConfigCompletion implements CompletionItemProvider {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  provideCompletionItems(document: TextDocument, position: Position): CompletionItem[] {
    if (yamlExtensionInstalled() || !isConfigDocument(document, this.#settings)) return [];
    const lines = document.getText().split(/\r\n|\n/);
    const place = placeAt(lines, position.line, position.character);
    if (!place) return [];
    return suggestionsAt(place, lines).map((suggestion) => item(suggestion, place, document, position));
  }
}

function item(suggestion: Suggestion, place: ConfigPlace, document: TextDocument, position: Position): CompletionItem {
  const { text, description, follows } = suggestion;
  const kind = follows ? CompletionItemKind.Property : CompletionItemKind.Value;
  const made = new CompletionItem(text, kind);
  if (description !== '') made.documentation = description;
  if (!follows) return made;
  made.range = new Range(position.line, place.keyStart, position.line, position.character);
  const rest = document.lineAt(position.line).text.slice(position.character);
  if (rest.includes(':')) return made;
  made.insertText = new SnippetString(follows === 'block' ? `${text}:\n  $0` : `${text}: $0`);
  return made;
}
