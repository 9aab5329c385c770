/** The platform `local`: processes of this machine that report over NNI's file channel. */

import type { ExperimentConfig, LocalServiceConfig } from '../../../model/config/config.ts';
import { defined } from '../../../model/json/defined.ts';
import { experimentLayout } from '../../../server/storage/layout.ts';
import { FileChannel } from '../../channels/file/fileChannel.ts';
import { detectTrialSdk } from '../../trialSdk/detect.ts';
import type { PlatformOptions, PlatformParts } from '../platform.ts';
import { LocalTrainingService } from './localTrainingService.ts';

export function localPlatform({ experimentId, experimentDirectory, config, logger }: PlatformOptions): PlatformParts {
  const service = localService(config);
  // Asking a Python takes a while. The launch goes on meanwhile, and only the first trial waits.
  const sdk = detectTrialSdk({ trialCommand: service.trialCommand, cwd: service.trialCodeDirectory, env: process.env });
  const sdkEnvironment = sdk.then(({ environment }) => environment);
  return {
    createService: (events) =>
      new LocalTrainingService({ experimentId, experimentDirectory, config: service, sdkEnvironment, events }),
    createChannel: (events) =>
      new FileChannel({
        folderOf: (trialId) => experimentLayout.trial(experimentDirectory, trialId),
        events,
        log: logger('FileChannel'),
      }),
    sdk: sdk.then((found) => found.sdk),
  };
}

/** The fields of `trainingService`, with those that default to the top level. */
function localService(config: ExperimentConfig): LocalServiceConfig {
  // readConfig checked the fields by model/config/platforms/local.ts.
  const service = config.trainingService as Partial<LocalServiceConfig>;
  const trialGpuNumber = service.trialGpuNumber ?? config.trialGpuNumber;
  return {
    ...service,
    platform: 'local',
    trialCommand: service.trialCommand ?? config.trialCommand,
    trialCodeDirectory: service.trialCodeDirectory ?? config.trialCodeDirectory,
    ...defined({ trialGpuNumber }),
  };
}
