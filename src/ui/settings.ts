/** The extension's settings, read in one place. `package.json` declares them. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ConfigurationScope, type Disposable, type Event, EventEmitter, workspace } from 'vscode';
import { type BackendSetting, backendSettings } from '../model/experiment/backend.ts';
import { type RunnerAccess, runnerAccesses } from '../wire/routes.ts';

const section = 'trialdeck';

export type SettingName =
  | 'experimentsDirectory'
  | 'backend'
  | 'nnictlPath'
  | 'runnerAccess'
  | 'configFiles'
  | 'codeLens'
  | 'notifications';

export class Settings implements Disposable {
  readonly #changed = new EventEmitter<{ affects(name: SettingName, scope?: ConfigurationScope): boolean }>();
  readonly #listening = workspace.onDidChangeConfiguration((event) => {
    if (!event.affectsConfiguration(section)) return;
    this.#changed.fire({ affects: (name, scope) => event.affectsConfiguration(`${section}.${name}`, scope) });
  });
  readonly onDidChange: Event<{ affects(name: SettingName, scope?: ConfigurationScope): boolean }> =
    this.#changed.event;

  /** Absolute. NNI's own folder when nothing is set. */
  get experimentsDirectory(): string {
    const value = workspace.getConfiguration(section).get<string>('experimentsDirectory', '').trim();
    if (value === '') return join(homedir(), 'nni-experiments');
    return resolve(homedir(), value.replace(/^~(?=$|[\\/])/, homedir()));
  }

  /** Who runs experiments of this machine. */
  get backend(): BackendSetting {
    const value = workspace.getConfiguration(section).get<string>('backend', 'auto');
    return backendSettings.find((known) => known === value) ?? 'auto';
  }

  /** Path of `nnictl`; undefined where it is to be found. */
  get nnictlPath(): string | undefined {
    return workspace.getConfiguration(section).get<string>('nnictlPath', '').trim() || undefined;
  }

  /** What runners do with requests of which this machine does not tell whose they are. */
  get runnerAccess(): RunnerAccess {
    const value = workspace.getConfiguration(section).get<string>('runnerAccess', 'refuse');
    return runnerAccesses.find((known) => known === value) ?? 'refuse';
  }

  /** Glob patterns of config files; one that starts with `!` excludes. */
  configFiles(scope?: ConfigurationScope): readonly string[] {
    return workspace.getConfiguration(section, scope).get<string[]>('configFiles', []);
  }

  codeLens(scope?: ConfigurationScope): boolean {
    return workspace.getConfiguration(section, scope).get<boolean>('codeLens', true);
  }

  get notifications(): boolean {
    return workspace.getConfiguration(section).get<boolean>('notifications', true);
  }

  dispose(): void {
    this.#listening.dispose();
    this.#changed.dispose();
  }
}
