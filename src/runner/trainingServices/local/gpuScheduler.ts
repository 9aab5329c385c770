/**
 * Gives GPUs to trials by the rules of NNI's local service (nni/experiment/config/training_services/local.py). Each trial
 * gets `trialGpuNumber` of them, and at most `maxTrialNumberPerGpu` trials share one. `gpuIndices` limits which are used.
 * GPUs that other programs compute on are used only with `useActiveGpu`.
 */
import { execa } from 'execa';
import type { LocalServiceConfig } from '../../../model/config/config.ts';
import { type Clock, systemClock, type Timer } from '../../../system/clock.ts';

export type GpuOptions = Pick<
  LocalServiceConfig,
  'trialGpuNumber' | 'useActiveGpu' | 'maxTrialNumberPerGpu' | 'gpuIndices'
>;

/** How often other programs' use is looked up while only that makes trials wait. */
const lookUpIntervalMs = 10_000;

export class GpuScheduler {
  #options: GpuOptions;
  #needed: number;
  #indices: number[] = [];
  /** GPUs on which other programs than our trials compute. */
  #active = new Set<number>();
  #given = new Map<string, number[]>();
  #timer: Timer | undefined;
  #roomChanged: () => void;
  #clock: Clock;

  /** @param roomChanged called when other programs have freed a GPU */
  constructor(options: GpuOptions, roomChanged: () => void, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#options = options;
    this.#needed = options.trialGpuNumber ?? 0;
    this.#roomChanged = roomChanged;
  }

  /** Finds the GPUs of this machine. Rejects with a message for a person when they can never suffice for a trial. */
  async prepare(): Promise<void> {
    if (this.#needed === 0) return;
    const listed = await nvidiaSmi(['--query-gpu=index,uuid']);
    const present = listed.map(([index]) => Number(index));
    if (present.length === 0) throw new Error('trialGpuNumber is set, but nvidia-smi lists no GPU on this machine.');
    const wanted = this.#options.gpuIndices;
    const missing = (wanted ?? []).filter((index) => !present.includes(index));
    if (missing.length > 0) {
      throw new Error(`gpuIndices names GPU ${missing.join(', ')}, but this machine has only ${present.join(', ')}.`);
    }
    this.#indices = wanted ?? present;
    if (this.#indices.length < this.#needed) {
      throw new Error(
        `A trial needs ${this.#needed} GPUs (trialGpuNumber), but only ${this.#indices.length} may be used.`,
      );
    }
    await this.#lookUpActive(new Map(listed.map(([index, uuid]) => [uuid ?? '', Number(index)])));
  }

  hasRoom(): boolean {
    return this.places() > 0;
  }

  /** How many further trials can have their GPUs now; infinite when trials need none. */
  places(): number {
    if (this.#needed === 0) return Number.POSITIVE_INFINITY;
    const shares = this.#free().map((gpu) => this.#sharesPerGpu - this.#loadOf(gpu));
    let places = 0;
    // A trial takes at most one share of each GPU.
    const fits = (trials: number) =>
      shares.reduce((sum, share) => sum + Math.min(share, trials), 0) >= trials * this.#needed;
    while (fits(places + 1)) places++;
    if (places === 0) this.#watchOthers();
    return places;
  }

  /** Chooses the GPUs that a trial sees; undefined when the config leaves that to the trial. Throws when there is no room. */
  take(trialId: string): number[] | undefined {
    if (this.#options.trialGpuNumber === undefined) return undefined;
    const free = this.#free();
    if (free.length < this.#needed) throw new Error('No GPU is free for this trial.');
    const taken = free.slice(0, this.#needed).sort((a, b) => a - b);
    this.#given.set(trialId, taken);
    return taken;
  }

  /** Notes the GPUs that an adopted trial has already. */
  keep(trialId: string, gpus: readonly number[]): void {
    this.#given.set(trialId, [...gpus]);
  }

  release(trialId: string): void {
    this.#given.delete(trialId);
  }

  dispose(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** GPUs with room, the least used first. */
  #free(): number[] {
    return this.#indices
      .filter((gpu) => this.#loadOf(gpu) < this.#sharesPerGpu)
      .filter((gpu) => this.#loadOf(gpu) > 0 || !this.#active.has(gpu))
      .sort((a, b) => this.#loadOf(a) - this.#loadOf(b) || a - b);
  }

  get #sharesPerGpu(): number {
    return this.#options.maxTrialNumberPerGpu ?? 1;
  }

  /** How many trials have this GPU. */
  #loadOf(gpu: number): number {
    return [...this.#given.values()].filter((gpus) => gpus.includes(gpu)).length;
  }

  async #lookUpActive(indexOf: ReadonlyMap<string, number>): Promise<void> {
    if (this.#options.useActiveGpu) return;
    const apps = await nvidiaSmi(['--query-compute-apps=gpu_uuid,pid']);
    this.#active = new Set(apps.flatMap(([uuid]) => indexOf.get(uuid ?? '') ?? []));
  }

  /** Looks again later: no driver reports that another program freed a GPU. */
  #watchOthers(): void {
    if (this.#active.size === 0 || this.#timer) return;
    this.#timer = this.#clock.setTimeout(async () => {
      try {
        const listed = await nvidiaSmi(['--query-gpu=index,uuid']);
        await this.#lookUpActive(new Map(listed.map(([index, uuid]) => [uuid ?? '', Number(index)])));
      } catch {
        // It answered at the start. Ask again later.
      }
      if (this.#timer === undefined) return;
      this.#timer = undefined;
      if (this.hasRoom()) this.#roomChanged();
    }, lookUpIntervalMs);
  }
}

async function nvidiaSmi(query: string[]): Promise<string[][]> {
  let output: string;
  try {
    output = (await execa('nvidia-smi', [...query, '--format=csv,noheader'], { timeout: 20_000 })).stdout;
  } catch (error) {
    const reason = error instanceof Error && 'shortMessage' in error ? String(error.shortMessage) : String(error);
    throw new Error(
      `trialGpuNumber is set, but nvidia-smi does not answer (${reason.split('\n')[0]}). ` +
        'Install the NVIDIA driver, or remove trialGpuNumber from the config.',
    );
  }
  return output
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()))
    .filter((cells) => cells.length > 1);
}
