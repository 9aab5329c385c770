/** The `nnictl` of this machine: the one that is set, else that of the selected Python, else the one on the path. */
import { type Uri, workspace } from 'vscode';
import type { Nnictl } from '../client/nnictl/nnictl.ts';
import { messageOf } from '../model/text/messageOf.ts';
import { findNnictl } from '../store/clientFunctions.ts';
import { selectedPython } from './commands/python.ts';
import { wholeEnvironment } from './commands/pythonPath.ts';
import type { BackendAdvice } from './editor/checkConfig.ts';
import type { Settings } from './settings.ts';

/** NNI takes seconds to say its version. Whoever installs it meanwhile waits no longer than this, in milliseconds. */
const remembered = 30_000;

export interface FoundNnictl {
  nnictl: Nnictl;
  /** For what it starts. */
  environment: Record<string, string>;
}

export class NnictlFinder {
  readonly #settings: Settings;
  #last: { key: string; until: number; found: Promise<Nnictl> } | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** @param resource interpreters are selected per folder. Throws NnictlMissingError, which says where it was looked for. */
  async find(resource: Uri | undefined, signal?: AbortSignal): Promise<FoundNnictl> {
    const python = await selectedPython(resource);
    const environment = wholeEnvironment(process.env, python);
    const setting = this.#settings.nnictlPath;
    const key = JSON.stringify([setting, python]);
    if (this.#last?.key !== key || this.#last.until < Date.now()) {
      const found = findNnictl({ setting, python: python?.executable, environment });
      // Whoever waits for it is told.
      found.catch(() => undefined);
      this.#last = { key, until: Date.now() + remembered, found };
    }
    signal?.throwIfAborted();
    return { nnictl: await this.#last.found, environment };
  }

  /** For the check of a config. In Restricted Mode no program is run to find out. */
  advice(): BackendAdvice {
    return {
      setting: this.#settings.backend,
      missing: async (config) => {
        if (!workspace.isTrusted) return undefined;
        try {
          await this.find(config);
          return undefined;
        } catch (error) {
          const text = messageOf(error);
          return text.replace(/^Could not find nnictl: /, '');
        }
      },
    };
  }
}
