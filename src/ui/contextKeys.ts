/** Every context key that the extension sets for the `when` clauses of `package.json`. */
import { commands } from 'vscode';

export interface ContextValues {
  /**
   * Whether the extension host knows the workspace as untrusted. VS Code's own `isWorkspaceTrusted` has stayed false in windows
   * whose workspace was trusted. Unset before the extension starts, so that everything is offered then; each command checks anew.
   */
  'trialdeck.restricted': boolean;
  /** Why the tree is empty; picks the welcome view. */
  'trialdeck.state': 'starting' | 'empty' | 'ready' | 'lost' | 'failed';
  /** State of the connection to this machine's manager; `lost` also when another manager does not answer. */
  'trialdeck.connection': 'none' | 'connecting' | 'connected' | 'lost';
  'trialdeck.hasExperiments': boolean;
  /** Whether there is a connection to another manager. */
  'trialdeck.hasRemote': boolean;
  /** Whether an experiment is running. */
  'trialdeck.running': boolean;
  /** Whether an experiment is stalled, or failed with its process alive. */
  'trialdeck.standsStill': boolean;
  /** Whether NNI runs or ran an experiment. */
  'trialdeck.hasNni': boolean;
  /** Whether TensorBoard was opened from this window; it may have been stopped since. */
  'trialdeck.tensorBoard': boolean;
  /** Paths of the open documents that are experiment configs, as keys, for `resourcePath in …`. */
  'trialdeck.configFiles': Record<string, true>;
  /** True once a config has been open in this window; ends the first step of the walkthrough. */
  'trialdeck.hasConfig': boolean;
  /** Paths of the untitled documents that hold a trial to queue, as keys. */
  'trialdeck.trialDrafts': Record<string, true>;
}

export function setContext<K extends keyof ContextValues>(key: K, value: ContextValues[K]): Thenable<void> {
  return commands.executeCommand('setContext', key, value);
}
