/** The platforms whose trials this runner can start. Their config rules are in `model/config/platforms/registry.ts`. */
import { LaunchError } from '../../server/storage/launchError.ts';
import { localPlatform } from './local/localPlatform.ts';
import type { Platform, PlatformOptions, PlatformParts } from './platform.ts';

export const platforms: Readonly<Record<string, Platform>> = { local: localPlatform };

/** Throws LaunchError for an experiment whose trials can't run here. */
export function createPlatform(options: PlatformOptions): PlatformParts {
  // A stored config may be of any NNI.
  const { experimentType, trainingService } = options.config as Partial<PlatformOptions['config']>;
  if (experimentType === 'nas') {
    throw new LaunchError('This experiment searches an architecture: it can be viewed, but not run here.');
  }
  const platform = trainingService?.platform;
  if (platform === undefined) {
    throw new LaunchError('This experiment has a config of NNI 1.x, which can be viewed but not run here.');
  }
  const create = Object.hasOwn(platforms, platform) ? platforms[platform] : undefined;
  if (!create) {
    throw new LaunchError(`Trials run on this machine only; the platform "${platform}" needs NNI itself.`);
  }
  return create(options);
}
