/** Finds this machine's `nnictl`: the one in the settings, else that of the selected Python, else the one on the path. */
import { type Uri, workspace } from 'vscode';
import type { Nnictl } from '../client/nnictl/nnictl.ts';
import { messageOf } from '../model/text/messageOf.ts';
import { findNnictl } from '../store/clientFunctions.ts';
import { selectedPython } from './commands/python.ts';
import { wholeEnvironment } from './commands/pythonPath.ts';
import type { BackendAdvice } from './editor/checkConfig.ts';
import type { Settings } from './settings.ts';

/** NNI takes seconds to print its version, so the answer is cached this long. A new installation shows up after it. */
const cacheMs = 30_000;

export interface FoundNnictl {
  nnictl: Nnictl;
  /** The environment for starting `nnictl`. */
  environment: Record<string, string>;
}

export class NnictlFinder {
  readonly #settings: Settings;
  #last: { key: string; until: number; found: Promise<Nnictl> } | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** @param resource the config file; interpreters are selected per folder. @throws NnictlMissingError with the places searched */
  async find(resource: Uri | undefined, signal?: AbortSignal): Promise<FoundNnictl> {
    const python = await selectedPython(resource);
    const environment = wholeEnvironment(process.env, python);
    const setting = this.#settings.nnictlPath;
    const key = JSON.stringify([setting, python]);
    if (this.#last?.key !== key || this.#last.until < Date.now()) {
      const found = findNnictl({ setting, python: python?.executable, environment });
      // Avoids an unhandled rejection; callers still see the error through `found`.
      found.catch(() => undefined);
      this.#last = { key, until: Date.now() + cacheMs, found };
    }
    signal?.throwIfAborted();
    return { nnictl: await this.#last.found, environment };
  }

  /** For the check of a config. Runs no program in Restricted Mode. */
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
