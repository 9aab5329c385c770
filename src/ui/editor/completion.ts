/** Completion of keys and values in YAML configs, unless a YAML extension does so with the schema. */
import {
  CompletionItem,
  CompletionItemKind,
  type CompletionItemProvider,
  type Position,
  Range,
  SnippetString,
  type TextDocument,
} from 'vscode';
import type { ConfigPlace, Suggestion } from '../../model/config/configPlace.ts';
import type { Settings } from '../settings.ts';
import { isConfigDocument } from './configDocuments.ts';
import { yamlExtensionInstalled } from './yamlSchema.ts';

export class ConfigCompletion implements CompletionItemProvider {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  async provideCompletionItems(document: TextDocument, position: Position): Promise<CompletionItem[]> {
    if (yamlExtensionInstalled() || !isConfigDocument(document, this.#settings)) return [];
    const { placeAt, suggestionsAt } = await import('../../model/config/configPlace.ts');
    const place = placeAt(document.getText(), document.offsetAt(position));
    return place ? suggestionsAt(place).map((suggestion) => item(suggestion, place, document, position)) : [];
  }
}

function item(suggestion: Suggestion, place: ConfigPlace, document: TextDocument, position: Position): CompletionItem {
  const { text, description, follows } = suggestion;
  const kind = follows ? CompletionItemKind.Property : CompletionItemKind.Value;
  const made = new CompletionItem(text, kind);
  if (description !== '') made.documentation = description;
  if (!follows) return made;
  const start = document.positionAt(place.start);
  made.range = new Range(start, position);
  const { text: line } = document.lineAt(position.line);
  if (line.slice(position.character).includes(':')) return made;
  const isInFlow = !/^[\s-]*$/.test(line.slice(0, start.character));
  made.insertText = new SnippetString(follows === 'block' && !isInFlow ? `${text}:\n  $0` : `${text}: $0`);
  return made;
}
