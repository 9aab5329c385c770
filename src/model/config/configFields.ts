/** NNI's config fields (nni/experiment/config): the one table that validation, completion, hovers and the schema read. */

import type { Fields } from './field.ts';

export const configFields: Fields = {
  experimentName: { type: 'string', description: 'A name for people.' },
  experimentType: {
    type: 'string',
    values: ['hpo'],
    default: 'hpo',
    description: 'The kind of search: hyper-parameters.',
  },
  searchSpaceFile: { type: 'path', description: 'A JSON or YAML file with the search space.' },
  searchSpace: { type: 'searchSpace', description: 'The parameters and where to look for good values of each.' },
  trialCommand: { type: 'string', description: 'The shell command of a trial; it runs in trialCodeDirectory.' },
  trialCodeDirectory: {
    type: 'path',
    default: '.',
    description: 'The folder the trial command runs in; relative to this file.',
  },
  trialConcurrency: { type: 'integer', min: 1, description: 'How many trials run at a time.' },
  trialGpuNumber: { type: 'integer', min: 0, description: 'How many GPUs each trial gets.' },
  maxExperimentDuration: {
    type: 'duration',
    description: 'The longest time the experiment may run, such as 10m, 2h or 1d.',
  },
  maxTrialNumber: { type: 'integer', min: 1, description: 'How many trials run in all; failed ones count.' },
  maxTrialDuration: { type: 'duration', description: 'The longest time a trial may run; then it is stopped early.' },
  nniManagerIp: { type: 'string', description: 'The address under which remote trials reach this machine.' },
  useAnnotation: { type: 'boolean', default: false, description: 'Removed from NNI; only false is allowed.' },
  debug: { type: 'boolean', default: false, description: 'Logs more.' },
  logLevel: {
    type: 'string',
    values: ['fatal', 'error', 'warning', 'info', 'debug', 'trace'],
    default: 'info',
    description: 'How much is logged.',
  },
  experimentWorkingDirectory: {
    type: 'path',
    default: '~/nni-experiments',
    description: 'The folder experiments are stored in.',
  },
  tunerGpuIndices: { type: 'indices', description: 'GPUs the tuner may use.' },
  tuner: { type: 'algorithm', description: 'The algorithm that picks the next parameters.' },
  assessor: { type: 'algorithm', description: 'The algorithm that stops trials early.' },
  advisor: { type: 'algorithm', description: 'Tuner and assessor in one; NNI 3 takes it as the tuner.' },
  trainingService: { type: 'service', description: 'Where trials run.' },
  sharedStorage: { type: 'object', description: 'Storage that all machines see.' },
};

export const algorithmFields: Fields = {
  name: { type: 'string', description: 'A built-in algorithm.' },
  className: { type: 'string', description: 'A class of your own, as file.Class.' },
  codeDirectory: { type: 'path', description: 'The folder with that class.' },
  classArgs: { type: 'object', description: 'Arguments of the algorithm.' },
};
