/** Checks a config as it stands in the editor, with the unsaved text of every file it reads. */
import { homedir } from 'node:os';
import { FileType, type TextDocument, Uri, workspace } from 'vscode';
import type { ConfigProblem, ExperimentConfig } from '../../model/config.ts';
import type { ConfigIo } from '../../model/readConfig.ts';

export interface CheckedConfig {
  /** Present when there is no error. */
  config?: ExperimentConfig;
  problems: readonly ConfigProblem[];
  /** Files that were read, the config itself too. */
  files: ReadonlySet<string>;
}

/** Never rejects: what is wrong is in `problems`. */
export async function checkConfig(document: TextDocument): Promise<CheckedConfig> {
  const file = document.uri.fsPath;
  const files = new Set([file]);
  // With its YAML parser it is a good part of the extension: loaded when the first config is read, not when VS Code starts.
  const { readConfig } = await import('../../model/readConfig.ts');
  const { config, problems } = await readConfig({ text: document.getText(), file }, editorIo(files), {
    engine: 'embedded',
  });
  return { ...(config ? { config } : {}), problems, files };
}

/** Files as the editor has them. @param read gets the path of every file that was asked for */
function editorIo(read: Set<string>): ConfigIo {
  return {
    home: homedir(),
    async readText(path) {
      read.add(path);
      const open = workspace.textDocuments.find(({ uri }) => uri.scheme === 'file' && uri.fsPath === path);
      return open ? open.getText() : new TextDecoder().decode(await workspace.fs.readFile(Uri.file(path)));
    },
    async kindOf(path) {
      try {
        const { type } = await workspace.fs.stat(Uri.file(path));
        return (type & FileType.Directory) === 0 ? 'file' : 'folder';
      } catch {
        return undefined;
      }
    },
  };
}
