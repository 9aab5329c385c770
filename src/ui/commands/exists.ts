import { type Uri, workspace } from 'vscode';

/** Whether a file or a folder exists, on any file system. */
export async function exists(uri: Uri): Promise<boolean> {
  try {
    await workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
