/** Copies the sample experiment to a folder the user picks, and opens it. */
import { commands, type ExtensionContext, Uri, window, workspace } from 'vscode';
import { l10n, pickFile } from '../window.ts';
import { exists } from './exists.ts';
import { Dismissed, requireAnswer } from './refusal.ts';
import type { Services } from './services.ts';

const folderName = 'trialdeck-quickstart';

export function openQuickstart(context: ExtensionContext) {
  return async (_services: Services, ...args: unknown[]): Promise<void> => {
    const parent = args[0] instanceof Uri ? args[0] : await pickParent();
    const target = await freeFolder(parent);
    await workspace.fs.copy(Uri.joinPath(context.extensionUri, 'examples', 'quickstart'), target);
    const config = Uri.joinPath(target, 'config.yml');
    if (workspace.workspaceFolders?.length) {
      await window.showTextDocument(config);
      return;
    }
    // No folder is open: the window becomes the sample's.
    await commands.executeCommand('vscode.openFolder', target, { forceReuseWindow: true, filesToOpen: [config] });
  };
}

async function pickParent(): Promise<Uri> {
  const workspaceFolder = workspace.workspaceFolders?.[0]?.uri;
  const [picked] = await requireAnswer(
    pickFile({
      title: l10n.t('Where should the sample go? A folder {0} is made there', folderName),
      openLabel: l10n.t('Put It Here'),
      canSelectFiles: false,
      canSelectFolders: true,
      ...(workspaceFolder ? { defaultUri: workspaceFolder } : {}),
    }),
  );
  if (!picked) throw new Dismissed();
  return picked;
}

/** Never overwrites an existing file. */
async function freeFolder(parent: Uri): Promise<Uri> {
  for (let number = 1; ; number++) {
    const uri = Uri.joinPath(parent, number === 1 ? folderName : `${folderName}-${number}`);
    if (!(await exists(uri))) return uri;
  }
}
