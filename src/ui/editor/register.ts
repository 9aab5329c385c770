/** Registers the editor features of config files: CodeLens, problems, quick fixes, completion, hover. */
import { type Disposable, type ExtensionContext, languages } from 'vscode';
import { Disposables } from '../../store/disposables.ts';
import type { Store } from '../../store/store.ts';
import type { NnictlFinder } from '../nnictlFinder.ts';
import type { Settings } from '../settings.ts';
import type { Log } from '../window.ts';
import { ConfigCodeLens } from './codeLens.ts';
import { ConfigCompletion } from './completion.ts';
import { ConfigContext } from './configContext.ts';
import { configLanguages } from './configDocuments.ts';
import { ConfigDiagnostics } from './diagnostics.ts';
import { ConfigHover } from './hover.ts';
import { ConfigQuickFixes } from './quickFixes.ts';
import { lendYamlSchema } from './yamlSchema.ts';

export interface EditorServices {
  store: Store;
  settings: Settings;
  nnictls: NnictlFinder;
  log: Log;
}

/** Everything registered here ends with the returned disposable, which is also added to the context. */
export function registerEditor(
  context: ExtensionContext,
  { store, settings, nnictls, log }: EditorServices,
): Disposable {
  const onFailure = (error: unknown) => log.error('Lending the schema to the YAML extension failed:', error);
  const yaml = { language: 'yaml' };
  const advice = () => nnictls.advice();
  const diagnostics = new ConfigDiagnostics(settings, advice, (error) =>
    log.error('Checking a config file failed:', error),
  );
  const selector = configLanguages.map((language) => ({ language, scheme: 'file' }));
  const disposables = new Disposables();
  disposables.add(
    diagnostics,
    new ConfigCodeLens(store, settings, diagnostics),
    languages.registerCodeActionsProvider(selector, new ConfigQuickFixes(diagnostics), {
      providedCodeActionKinds: ConfigQuickFixes.kinds,
    }),
    languages.registerCompletionItemProvider(yaml, new ConfigCompletion(settings), ' ', ':'),
    languages.registerHoverProvider(yaml, new ConfigHover(settings)),
    lendYamlSchema(context, settings, onFailure),
    new ConfigContext(settings),
  );
  context.subscriptions.push(disposables);
  return disposables;
}
