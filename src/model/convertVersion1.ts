/** NNI's first config format to the present one (nni/tools/nnictl/... convert, table in nni's docs "Config V1 to V2"). */
import type { Path } from './configSource.ts';

export interface Converted {
  value: Record<string, unknown>;
  /** Where each new key came from, by its path joined with `/`. */
  origins: Map<string, Path>;
  /** Keys that mean nothing any more. */
  dropped: Path[];
}

export function isVersion1(value: Record<string, unknown>): boolean {
  return 'trainingServicePlatform' in value;
}

const moved: Readonly<Record<string, string>> = {
  experimentName: 'experimentName',
  trialConcurrency: 'trialConcurrency',
  nniManagerIp: 'nniManagerIp',
  debug: 'debug',
  logLevel: 'logLevel',
  useAnnotation: 'useAnnotation',
  searchSpace: 'searchSpace',
  maxExecDuration: 'maxExperimentDuration',
  maxTrialNum: 'maxTrialNumber',
  searchSpacePath: 'searchSpaceFile',
  logDir: 'experimentWorkingDirectory',
};
const trialKeys: Readonly<Record<string, string>> = {
  command: 'trialCommand',
  codeDir: 'trialCodeDirectory',
  gpuNum: 'trialGpuNumber',
};
const localKeys: Readonly<Record<string, string>> = {
  gpuIndices: 'gpuIndices',
  maxTrialNumPerGpu: 'maxTrialNumberPerGpu',
  useActiveGpu: 'useActiveGpu',
};
const builtin: Readonly<Record<string, string>> = {
  tuner: 'builtinTunerName',
  assessor: 'builtinAssessorName',
  advisor: 'builtinAdvisorName',
};

export function convertVersion1(old: Record<string, unknown>): Converted {
  const value: Record<string, unknown> = {};
  const origins = new Map<string, Path>();
  const dropped: Path[] = [];
  const set = (target: Record<string, unknown>, at: string, key: string, content: unknown, origin: Path) => {
    target[key] = content;
    origins.set(at === '' ? key : `${at}/${key}`, origin);
  };
  const service: Record<string, unknown> = {};
  for (const [key, content] of Object.entries(old)) {
    const name = moved[key];
    if (name) set(value, '', name, content, [key]);
    else if (key === 'trainingServicePlatform')
      set(service, 'trainingService', 'platform', content === 'pai' ? 'openpai' : content, [key]);
    else if (key === 'trial' && isObject(content)) {
      for (const [inner, part] of Object.entries(content)) {
        const to = trialKeys[inner];
        if (to) set(value, '', to, part, [key, inner]);
        else dropped.push([key, inner]);
      }
    } else if (key in builtin && isObject(content)) {
      set(value, '', key, convertAlgorithm(key, content, set), [key]);
      const gpus = content.gpuIndices;
      if (gpus !== undefined) set(value, '', 'tunerGpuIndices', gpus, [key, 'gpuIndices']);
    } else if (key === 'localConfig' && isObject(content)) {
      for (const [inner, part] of Object.entries(content)) {
        const to = localKeys[inner];
        if (to) set(service, 'trainingService', to, part, [key, inner]);
        else dropped.push([key, inner]);
      }
    } else dropped.push([key]);
  }
  set(value, '', 'trainingService', service, ['trainingServicePlatform']);
  return { value, origins, dropped };
}

function convertAlgorithm(
  kind: string,
  old: Record<string, unknown>,
  set: (target: Record<string, unknown>, at: string, key: string, content: unknown, origin: Path) => void,
): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [key, content] of Object.entries(old)) {
    if (key === builtin[kind]) set(value, kind, 'name', content, [kind, key]);
    else if (key === 'codeDir') set(value, kind, 'codeDirectory', content, [kind, key]);
    else if (key === 'className') {
      const file = typeof old.classFileName === 'string' ? `${old.classFileName.replace(/\.py$/, '')}.` : '';
      set(value, kind, 'className', typeof content === 'string' ? file + content : content, [kind, key]);
    } else if (key === 'classArgs') set(value, kind, 'classArgs', content, [kind, key]);
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
