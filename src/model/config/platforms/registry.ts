/** All platforms a config may name: those with rules run in the embedded manager, the others need NNI itself. */
import type { Fields } from '../field.ts';
import { localRules } from './local.ts';
import { type PlatformRules, sharedServiceFields } from './platformRules.ts';

/** Rules by platform. The runner has a training service for each (`runner/trainingServices/registry.ts`). */
export const platformRules: Readonly<Record<string, PlatformRules>> = { local: localRules };

/** Platforms of NNI (nni/experiment/config/training_services) whose fields its own services check. */
const nniPlatforms = ['remote', 'openpai', 'aml', 'kubeflow', 'frameworkcontroller', 'dlc'];

export const platformNames: readonly string[] = [...new Set([...Object.keys(platformRules), ...nniPlatforms])];

export function rulesOf(platform: unknown): PlatformRules | undefined {
  return typeof platform === 'string' && Object.hasOwn(platformRules, platform) ? platformRules[platform] : undefined;
}

/** Fields of `trainingService` for a platform; for an unknown one those of `local`, NNI's default. */
export function serviceFields(platform?: unknown): Fields {
  return {
    platform: { type: 'string', values: platformNames, description: 'Where trials run.' },
    ...sharedServiceFields,
    ...(rulesOf(platform) ?? localRules).fields,
  };
}

/** Says why the embedded manager can't run trials on this platform; undefined where it can. */
export function whyNotHere(platform: string): string | undefined {
  if (rulesOf(platform)) return undefined;
  const names = Object.keys(platformRules);
  const here = names.length === 1 ? 'on this machine only (platform: local)' : `only on ${names.join(', ')}`;
  return `The embedded manager runs trials ${here}; this config asks for ${platform}.`;
}
