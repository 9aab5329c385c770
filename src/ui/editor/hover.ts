/** Hovers that explain the keys of YAML configs, unless a YAML extension does so with the schema. */
import { type Hover, type HoverProvider, type Position, Range, type TextDocument } from 'vscode';
import { escapeMarkdown, markdown } from '../markdown.ts';
import type { Settings } from '../settings.ts';
import { hover } from '../window.ts';
import { isConfigDocument } from './configDocuments.ts';
import { yamlExtensionInstalled } from './yamlSchema.ts';

export class ConfigHover implements HoverProvider {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  async provideHover(document: TextDocument, position: Position): Promise<Hover | undefined> {
    if (yamlExtensionInstalled() || !isConfigDocument(document, this.#settings)) return undefined;
    const { descriptionAt, placeAt } = await import('../../model/config/configPlace.ts');
    const place = placeAt(document.getText(), document.offsetAt(position));
    const found = place && descriptionAt(place);
    if (!place || !found) return undefined;
    return hover(
      markdown`**${escapeMarkdown(found.text)}** ${escapeMarkdown(found.description, 2000)}`,
      new Range(document.positionAt(place.start), document.positionAt(place.end)),
    );
  }
}
