/** Keeps this experiment's entry in NNI's manifest up to date, one change after the other. */
import type { ExperimentProfile, ManifestEntry } from '../../model/experiment/experiment.ts';
import { messageOf } from '../../model/text/messageOf.ts';
import { diskWriter, type FileWriter } from '../../system/fileWriter.ts';
import type { Logger } from '../log.ts';
import { updateManifest } from './manifest.ts';

export class ManifestWriter {
  #root: string;
  #id: string;
  #log: Logger;
  #writer: FileWriter;
  /** The whole entry, in case a person removed a damaged manifest meanwhile. */
  #whole: Partial<ManifestEntry>;
  #waiting: Partial<ManifestEntry> | undefined;
  #writing: Promise<void> | undefined;

  /**
   * @param entry the experiment's entry in the manifest
   * @param writer the disk; a test gives one that fails
   */
  constructor(
    root: string,
    id: string,
    entry: ManifestEntry | undefined,
    log: Logger,
    writer: FileWriter = diskWriter,
  ) {
    this.#writer = writer;
    this.#root = root;
    this.#id = id;
    this.#whole = { ...entry };
    this.#log = log;
  }

  /** Resolves when this change and all before it are written. If writing fails, the log says why. */
  write(change: Partial<ManifestEntry>): Promise<void> {
    this.#whole = { ...this.#whole, ...change };
    this.#waiting = { ...this.#waiting, ...change };
    this.#writing ??= this.#work();
    return this.#writing;
  }

  async #work(): Promise<void> {
    while (this.#waiting) {
      const change = this.#waiting;
      this.#waiting = undefined;
      try {
        await updateManifest(this.#root, this.#id, change, this.#whole, this.#writer);
      } catch (error) {
        // An outdated manifest must not end an experiment.
        this.#log.error(messageOf(error));
      }
    }
    this.#writing = undefined;
  }
}

/** The first entry of an experiment, without what changes as it runs. */
export function newManifestEntry(id: string, profile: ExperimentProfile): Partial<ManifestEntry> {
  const { params, startTime } = profile;
  return {
    id,
    startTime: startTime ?? Date.now(),
    platform: params.trainingService.platform,
    experimentName: params.experimentName ?? '',
    tag: [],
    webuiUrl: [],
    prefixUrl: null,
  };
}
