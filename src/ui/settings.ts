/** The extension's settings, read in one place. `package.json` declares them. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ConfigurationScope, type Disposable, type Event, EventEmitter, workspace } from 'vscode';
import { type BackendSetting, backendSettings } from '../model/experiment/backendSetting.ts';
import { type RunnerAccess, runnerAccesses } from '../model/experiment/runnerAccess.ts';
import { expandHome } from '../model/text/expandHome.ts';

const section = 'trialdeck';

/** The default of each setting, as in `package.json`. */
export const settingDefaults = {
  experimentsDirectory: '',
  backend: 'auto',
  nnictlPath: '',
  runnerAccess: 'refuse',
  configFiles: [] as string[],
  codeLens: true,
  notifications: true,
} as const;

type SettingDefaults = typeof settingDefaults;
export type SettingName = keyof SettingDefaults;
/** `'auto'` is a string, `true` a boolean. */
type SettingValue<N extends SettingName> = SettingDefaults[N] extends boolean
  ? boolean
  : SettingDefaults[N] extends string
    ? string
    : readonly string[];

interface SettingsChange {
  affects(name: SettingName, scope?: ConfigurationScope): boolean;
}

export class Settings implements Disposable {
  readonly #changed = new EventEmitter<SettingsChange>();
  readonly #listening = workspace.onDidChangeConfiguration((event) => {
    if (!event.affectsConfiguration(section)) return;
    this.#changed.fire({ affects: (name, scope) => event.affectsConfiguration(`${section}.${name}`, scope) });
  });
  readonly onDidChange: Event<SettingsChange> = this.#changed.event;

  /** Absolute path. NNI's own folder when the setting is empty. */
  get experimentsDirectory(): string {
    const value = read('experimentsDirectory').trim();
    if (value === '') return join(homedir(), 'nni-experiments');
    return resolve(homedir(), expandHome(value, homedir()));
  }

  /** The backend that runs experiments of this machine. */
  get backend(): BackendSetting {
    const value = read('backend');
    return backendSettings.find((known) => known === value) ?? 'auto';
  }

  /** Path of `nnictl`; undefined when Trialdeck has to find it. */
  get nnictlPath(): string | undefined {
    return read('nnictlPath').trim() || undefined;
  }

  /** Whether a runner answers a client whose user the machine can't tell. */
  get runnerAccess(): RunnerAccess {
    const value = read('runnerAccess');
    return runnerAccesses.find((known) => known === value) ?? 'refuse';
  }

  /** Glob patterns of config files; one that starts with `!` excludes. */
  configFiles(scope?: ConfigurationScope): readonly string[] {
    return read('configFiles', scope).filter((pattern) => typeof pattern === 'string');
  }

  codeLens(scope?: ConfigurationScope): boolean {
    return read('codeLens', scope);
  }

  get notifications(): boolean {
    return read('notifications');
  }

  dispose(): void {
    this.#listening.dispose();
    this.#changed.dispose();
  }
}

/** The set value, or the default when the set value has another type. */
function read<N extends SettingName>(name: N, scope?: ConfigurationScope): SettingValue<N> {
  const fallback: unknown = settingDefaults[name];
  const value: unknown = workspace.getConfiguration(section, scope).get(name);
  const fits = typeof value === typeof fallback && Array.isArray(value) === Array.isArray(fallback);
  // The default has the type of its setting, and the check above gave the value that type.
  return (fits ? value : fallback) as SettingValue<N>;
}
