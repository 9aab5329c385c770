/** What a platform of the config brings: the training service, the channel its trials report over, and the `nni` they import. */
import type { ExperimentConfig } from '../../model/config/config.ts';
import type { TrialSdk } from '../../model/experiment/experiment.ts';
import type { Logger } from '../../server/log.ts';
import type { ChannelEvents, TrialChannel } from '../channels/channel.ts';
import type { TrainingService, TrainingServiceEvents } from './trainingService.ts';

export interface PlatformOptions {
  experimentId: string;
  /** The experiment's own folder, absolute. */
  experimentDirectory: string;
  config: ExperimentConfig;
  /** Gives the log of a part of the runner. */
  logger(part: string): Logger;
}

export interface PlatformParts {
  createService(events: TrainingServiceEvents): TrainingService;
  createChannel(events: ChannelEvents): TrialChannel;
  /** Which `nni` the trials will import. Rejects when that can't be found out. */
  sdk: Promise<TrialSdk>;
}

/** Makes the parts of one platform. Throws LaunchError for a config that it can't run. */
export type Platform = (options: PlatformOptions) => PlatformParts;
