/** Keeps the context key `trialdeck.restricted` in step with the workspace's trust. */
import { type Disposable, workspace } from 'vscode';
import { setContext } from './contextKeys.ts';

export function followTrust(): Disposable {
  const announce = () => void setContext('trialdeck.restricted', !workspace.isTrusted);
  announce();
  return workspace.onDidGrantWorkspaceTrust(announce);
}
