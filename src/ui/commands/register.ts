/** Registers the user actions as commands: checks trust, runs the action's function, and reports a failure once. */
import { commands, type Disposable, type ExtensionContext, env, workspace } from 'vscode';
import { Disposables } from '../../store/disposables.ts';
import { actionIds, actionOf } from '../actions.ts';
import { Labels } from '../explorer/labels.ts';
import { l10n } from '../window.ts';
import type { commandFunctions } from './functions.ts';
import { LogDocuments } from './logDocuments.ts';
import { logSource } from './logSource.ts';
import { isFromTree } from './references.ts';
import { Refusal } from './refusal.ts';
import type { GivenServices, Services } from './services.ts';
import { SpaceDocuments } from './spaceDocuments.ts';
import { tell } from './tell.ts';
import { TrialDrafts } from './trialDrafts.ts';

/** Registers every command. All registrations end with the returned disposable, which is also added to the context. */
export function registerCommands(context: ExtensionContext, given: GivenServices): Disposable {
  const services: Services = { ...given, labels: new Labels(l10n.t, env.language) };
  const { store, log } = services;
  const drafts = new TrialDrafts(
    {
      experiment({ connectionId, experimentId }) {
        const model = store.experiment(connectionId, experimentId);
        return model && { name: model.summary.name, searchSpace: model.config?.searchSpace };
      },
    },
    context.workspaceState,
  );
  const spaces = new SpaceDocuments();
  const logs = new LogDocuments(logSource(store));

  let loaded: ReturnType<typeof commandFunctions> | undefined;
  const functions = async () => {
    const { commandFunctions } = await import('./functions.ts');
    loaded ??= commandFunctions(context, { drafts, spaces });
    return loaded;
  };

  const disposables = new Disposables();
  disposables.add(drafts, spaces, logs);
  for (const id of actionIds) {
    const { trust } = actionOf(id);
    disposables.add(
      commands.registerCommand(`trialdeck.${id}`, async (...args: unknown[]) => {
        try {
          if (trust && !workspace.isTrusted) throw createTrustRefusal();
          // Keys act on the focused row; the arrow keys focus a row without selecting it.
          if (isFromTree(args[0])) await services.explorer.selectFocused();
          await (await functions())[id](services, ...args);
        } catch (error) {
          await tell(error, log, id);
        }
      }),
    );
  }
  context.subscriptions.push(disposables);
  return disposables;
}

function createTrustRefusal(): Refusal {
  return new Refusal(l10n.t('This workspace is in Restricted Mode: experiments can be viewed, not run or changed.'), {
    title: l10n.t('Manage Workspace Trust'),
    command: 'workbench.trust.manage',
  });
}
