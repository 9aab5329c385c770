/**
 * Lends the config's schema to Red Hat's YAML extension where that is installed, for every file found to be a config
 * whatever its name. That extension completes and explains keys; Trialdeck reports the errors, so that no error appears twice.
 */
import { type Disposable, type ExtensionContext, extensions, Uri, workspace } from 'vscode';
import type { Settings } from '../settings.ts';
import { isConfigDocument } from './configDocuments.ts';

const yamlExtension = 'redhat.vscode-yaml';
const schemaScheme = 'trialdeck';
const schemaUri = `${schemaScheme}://schema/config`;

/** The part of the YAML extension's API that Trialdeck uses. */
interface YamlApi {
  registerContributor(
    scheme: string,
    requestSchema: (resource: string) => string | undefined,
    requestSchemaContent: (uri: string) => Promise<string>,
  ): boolean;
}

/** Whether the YAML extension completes configs, so that Trialdeck need not. */
export function yamlExtensionInstalled(): boolean {
  return extensions.getExtension(yamlExtension) !== undefined;
}

/** Lends the schema the first time a config is open. Failures of the other extension are passed to `onFailure`. */
export function lendYamlSchema(
  context: ExtensionContext,
  settings: Settings,
  onFailure: (error: unknown) => void,
): Disposable {
  let asked = false;
  const lend = async () => {
    const extension = extensions.getExtension<YamlApi | undefined>(yamlExtension);
    if (asked || !extension) return;
    if (!workspace.textDocuments.some((open) => open.languageId === 'yaml' && isConfigDocument(open, settings))) return;
    asked = true;
    const api = extension.isActive ? extension.exports : await extension.activate();
    api?.registerContributor(
      schemaScheme,
      (resource) => {
        const uri = Uri.parse(resource).toString();
        const document = workspace.textDocuments.find((open) => open.uri.toString() === uri);
        return document && isConfigDocument(document, settings) ? schemaUri : undefined;
      },
      async () => {
        const file = Uri.joinPath(context.extensionUri, 'dist', 'config.schema.json');
        return new TextDecoder().decode(await workspace.fs.readFile(file));
      },
    );
  };
  const tryLending = () => void lend().catch(onFailure);
  tryLending();
  return workspace.onDidOpenTextDocument(tryLending);
}
