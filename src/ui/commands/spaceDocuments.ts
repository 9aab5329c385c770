/** The two sides of the comparison of search spaces, as read-only documents. */
import { type Disposable, EventEmitter, Uri, workspace } from 'vscode';

const spaceScheme = 'trialdeck-space';

export class SpaceDocuments implements Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new EventEmitter<Uri>();
  readonly #registration: Disposable;

  constructor() {
    this.#registration = workspace.registerTextDocumentContentProvider(spaceScheme, {
      onDidChange: this.#changed.event,
      // Undefined when the document is unknown, as for a comparison still open after a reload.
      provideTextDocumentContent: (uri) => this.#texts.get(uri.toString()),
    });
  }

  put(name: string, side: string, text: string): Uri {
    const uri = Uri.from({ scheme: spaceScheme, path: `/${name.replaceAll('/', '_')}.json`, query: side });
    this.#texts.set(uri.toString(), text);
    this.#changed.fire(uri);
    return uri;
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}
