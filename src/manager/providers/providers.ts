/** All providers of a manager as one list. */
import type { ExperimentSummary } from '../../model/experiment/experiment.ts';
import { httpError } from '../../server/security/httpError.ts';
import type { LaunchRequest } from '../../wire/routes.ts';
import type { Launched, ManagerChange } from '../../wire/schemas/manager.ts';
import type { ExperimentProvider } from './provider.ts';

export class Providers {
  readonly #providers: readonly ExperimentProvider[];

  constructor(providers: readonly ExperimentProvider[]) {
    this.#providers = providers;
  }

  /** Throws StorageError. */
  async open(): Promise<void> {
    await Promise.all(this.#providers.map((provider) => provider.open()));
  }

  list(): ExperimentSummary[] {
    return this.#providers.flatMap((provider) => provider.list());
  }

  get anyLive(): boolean {
    return this.list().some(({ live }) => live);
  }

  warnings(): string[] {
    return this.#providers.flatMap((provider) => provider.warnings());
  }

  /** The provider that lists the experiment. */
  of(id: string): ExperimentProvider | undefined {
    return this.#providers.find((provider) => provider.summary(id) !== undefined);
  }

  listen(listener: (change: ManagerChange) => void): { dispose(): void } {
    const listening = this.#providers.map((provider) =>
      provider.listen((change) =>
        // A provider reports its own warnings; clients get those of all.
        listener(change.event === 'warnings' ? { event: 'warnings', data: this.warnings() } : change),
      ),
    );
    return {
      dispose: () => {
        for (const each of listening) each.dispose();
      },
    };
  }

  /** Throws an HttpError. */
  async launch(request: LaunchRequest): Promise<Launched> {
    const listed = request.action === 'create' ? undefined : this.of(request.id ?? '');
    const provider = listed ?? this.#providers.find(({ launch }) => launch !== undefined);
    if (!provider?.launch) throw httpError(409, `Experiment ${request.id} can't be started from here.`);
    return provider.launch(request);
  }

  /** Throws an HttpError, 404 where no provider knows the experiment. */
  async delete(id: string): Promise<void> {
    // An experiment made a moment ago may not be listed yet: the first provider looks again.
    const provider = this.of(id) ?? this.#providers[0];
    if (!provider) throw httpError(404, `There is no experiment ${id} here.`);
    await provider.delete(id);
  }

  dispose(): void {
    for (const provider of this.#providers) provider.dispose();
  }
}
