/** Checks a config with the unsaved text of every file it reads, and picks the backend that would run it. */
import { homedir } from 'node:os';
import { FileType, type TextDocument, Uri, workspace } from 'vscode';
import type { ConfigProblem, ExperimentConfig } from '../../model/config/config.ts';
import type { ConfigIo } from '../../model/config/readConfig.ts';
import type { BackendChoice, BackendSetting } from '../../model/experiment/backend.ts';
import { l10n } from '../window.ts';

export interface CheckedConfig {
  /** Present when there is no error. */
  config?: ExperimentConfig;
  /** The backend that would run the config, and why. Present when `config` is. */
  backend?: BackendChoice;
  problems: readonly ConfigProblem[];
  /** Every file the check read, including the config. */
  files: ReadonlySet<string>;
}

export interface BackendAdvice {
  setting: BackendSetting;
  /** Why no nnictl was found, as a message for the user; undefined when one was. Never rejects. */
  missing(config: Uri): Promise<string | undefined>;
}

/** For callers that do not need the backend. */
export const anyBackend: BackendAdvice = { setting: 'nnictl', missing: async () => undefined };

/** Never rejects: every error is in `problems`. */
export async function checkConfig(document: TextDocument, advice: BackendAdvice): Promise<CheckedConfig> {
  const file = document.uri.fsPath;
  const files = new Set([file]);
  // The check and its YAML parser are a large part of the bundle: load them with the first config, not when VS Code starts.
  const [{ readConfig }, { chooseBackend }] = await Promise.all([
    import('../../model/config/readConfig.ts'),
    import('../../model/experiment/backend.ts'),
  ]);
  const { setting } = advice;
  const options = setting === 'embedded' ? { engine: setting } : {};
  const reading = await readConfig({ text: document.getText(), file }, editorIo(files), options);
  const { config, unsupported } = reading;
  if (!config) return { problems: reading.problems, files };
  const backend = chooseBackend(setting, config);
  if (!unsupported || setting === 'nnictl') return { config, backend, problems: reading.problems, files };
  const note = await noteOf(unsupported, document.uri, advice);
  return { config, backend, problems: [...reading.problems, note], files };
}

/** A config that needs NNI gets a note while NNI is installed, and a problem while it is not. */
async function noteOf(unsupported: ConfigProblem, uri: Uri, { missing }: BackendAdvice): Promise<ConfigProblem> {
  const { message } = unsupported;
  const reason = await missing(uri);
  if (reason === undefined) {
    return { ...unsupported, severity: 'information', message: l10n.t('Runs with nnictl: {0}', message) };
  }
  return {
    ...unsupported,
    severity: 'warning',
    message: l10n.t('Needs NNI: {0} No NNI was found: {1}', message, reason),
  };
}

/** Reads files with their unsaved text. @param read gets the path of every file that is read */
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
