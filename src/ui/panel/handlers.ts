/** Handlers of the page's requests. Each calls the same command or client as every other place. */
import { commands, env } from 'vscode';
import type { Handlers } from '../../protocol.ts';
import type { Store } from '../../store/store.ts';
import { experimentNode, trialNode } from '../explorer/nodes.ts';

export interface PanelContext {
  store: Store;
  connectionId: string;
  experimentId: string;
  /** Called when the user picks a trial in the page. */
  picked(trialId: string | null): void;
}

export function panelHandlers(panel: PanelContext): Handlers {
  const { store, connectionId, experimentId } = panel;
  const experiment = experimentNode(connectionId, experimentId);
  const trial = (trialId: string) => trialNode(connectionId, experimentId, trialId);
  const command = async (id: string, ...args: unknown[]): Promise<null> => {
    await commands.executeCommand(id, ...args);
    return null;
  };
  return {
    act: ({ action }) => command(`trialdeck.${action}`, experiment),
    actOnTrials: ({ action, trialIds }) => {
      const trials = trialIds.map(trial);
      return command(`trialdeck.${action}`, trials[0], trials);
    },
    openLog: ({ trialId, name }) =>
      trialId === undefined || name === 'manager'
        ? command('trialdeck.openManagerLog', experiment)
        : command('trialdeck.openTrialLog', trial(trialId), name),
    readTrialLog: ({ trialId, name, maxBytes }) =>
      name === 'manager'
        ? store.client(connectionId, experimentId).readExperimentLog({ maxBytes })
        : store.client(connectionId, experimentId).readTrialFile(trialId, name, { maxBytes }),
    copyText: async ({ text }) => {
      await env.clipboard.writeText(text);
      return null;
    },
    selectTrial: async ({ trialId }) => {
      panel.picked(trialId);
      return null;
    },
    retryConnection: async () => {
      await store.connection(connectionId)?.retry();
      return null;
    },
  };
}
