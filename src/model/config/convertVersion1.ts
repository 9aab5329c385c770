/** Converts NNI's first config format to the present one (table in NNI's documentation, "Config V1 to V2"). */
import { isObject } from '../json/isObject.ts';
import type { Path } from './configSource.ts';

export interface Converted {
  value: Record<string, unknown>;
  /** Where each new key came from, by its path joined with `/`. */
  origins: Map<string, Path>;
  /** Keys that mean nothing any more, or nothing for local trials. */
  dropped: Path[];
  /** Keys that the old format did not have either, with the keys it had at that place. */
  unknown: { path: Path; known: readonly string[] }[];
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
/** The further keys that each place may have. */
const meaningless = {
  config: ['authorName', 'description', 'multiPhase', 'multiThread', 'versionCheck', 'logCollection'],
  trial: ['nasMode'],
  algorithm: ['includeIntermediateResults'],
} as const;
const algorithmKeys = ['codeDir', 'classFileName', 'className', 'classArgs', 'gpuIndices'];
const builtin: Readonly<Record<string, string>> = {
  tuner: 'builtinTunerName',
  assessor: 'builtinAssessorName',
  advisor: 'builtinAdvisorName',
};

export function convertVersion1(old: Record<string, unknown>): Converted {
  const value: Record<string, unknown> = {};
  const origins = new Map<string, Path>();
  const dropped: Path[] = [];
  const unknown: Converted['unknown'] = [];
  const set = (target: Record<string, unknown>, at: string, key: string, content: unknown, origin: Path) => {
    target[key] = content;
    origins.set(at === '' ? key : `${at}/${key}`, origin);
  };
  const leaveOut = (path: Path, meaningful: readonly string[], withoutMeaning: readonly string[]) => {
    const key = String(path.at(-1));
    // Other platforms had keys of their own.
    if (withoutMeaning.includes(key) || old.trainingServicePlatform !== 'local') dropped.push(path);
    else unknown.push({ path, known: [...meaningful, ...withoutMeaning] });
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
        else leaveOut([key, inner], Object.keys(trialKeys), meaningless.trial);
      }
    } else if (key in builtin && isObject(content)) {
      const algorithm: Record<string, unknown> = {};
      const nameKey = builtin[key] ?? '';
      for (const [inner, part] of Object.entries(content)) {
        const origin = [key, inner];
        if (inner === nameKey) set(algorithm, key, 'name', part, origin);
        else if (inner === 'codeDir') set(algorithm, key, 'codeDirectory', part, origin);
        else if (inner === 'className') set(algorithm, key, 'className', className(content), origin);
        else if (inner === 'classArgs') set(algorithm, key, 'classArgs', part, origin);
        else if (inner === 'gpuIndices') set(value, '', 'tunerGpuIndices', part, origin);
        else if (inner !== 'classFileName') leaveOut(origin, [nameKey, ...algorithmKeys], meaningless.algorithm);
      }
      set(value, '', key, algorithm, [key]);
    } else if (key === 'localConfig' && isObject(content)) {
      for (const [inner, part] of Object.entries(content)) {
        const to = localKeys[inner];
        if (to) set(service, 'trainingService', to, part, [key, inner]);
        else leaveOut([key, inner], Object.keys(localKeys), []);
      }
    } else if (key in builtin || key === 'trial' || key === 'localConfig') {
      // This value is not a map: the check reports its missing or wrong keys at its place.
      set(value, '', key === 'trial' ? 'trialCommand' : key, content, [key]);
    } else {
      const meaningful = [
        ...Object.keys(moved),
        ...Object.keys(builtin),
        'trainingServicePlatform',
        'trial',
        'localConfig',
      ];
      leaveOut([key], meaningful, meaningless.config);
    }
  }
  set(value, '', 'trainingService', service, ['trainingServicePlatform']);
  return { value, origins, dropped, unknown };
}

/** `file.py` and `Class` → `file.Class`. */
function className(algorithm: Record<string, unknown>): unknown {
  const { className: name, classFileName: file } = algorithm;
  return typeof name === 'string' && typeof file === 'string' ? `${file.replace(/\.py$/, '')}.${name}` : name;
}
