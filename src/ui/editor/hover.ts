/** Explains keys of YAML configs, where no YAML extension does it with the schema. */
import { type Hover, type HoverProvider, type Position, Range, type TextDocument } from 'vscode';
import { descriptionAt, placeAt } from '../../model/config/configOutline.ts';
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

  provideHover(document: TextDocument, position: Position): Hover | undefined {
    if (yamlExtensionInstalled() || !isConfigDocument(document, this.#settings)) return undefined;
    const lines = document.getText().split(/\r\n|\n/);
    const place = placeAt(lines, position.line, position.character);
    const found = place && !place.inValue ? descriptionAt(place, lines) : undefined;
    if (!place || !found) return undefined;
    const { line } = position;
    return hover(
      markdown`**${escapeMarkdown(found.text)}** ${escapeMarkdown(found.description, 2000)}`,
      new Range(line, place.keyStart, line, place.keyStart + place.key.length),
    );
  }
}
