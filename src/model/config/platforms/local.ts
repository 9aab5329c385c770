/** Config rules of NNI's local service (nni/experiment/config/training_services/local.py). */
import type { PlatformProblem, PlatformRules } from './platformRules.ts';

export const localRules: PlatformRules = {
  fields: {
    useActiveGpu: {
      type: 'boolean',
      description: 'Whether GPUs on which something runs already may be used; needed with GPUs.',
    },
    maxTrialNumberPerGpu: { type: 'integer', min: 1, default: 1, description: 'How many trials may share a GPU.' },
    gpuIndices: { type: 'indices', description: 'GPUs that may be used; all when absent.' },
    reuseMode: { type: 'boolean', default: false, description: 'Has no effect on local trials.' },
  },
  defaults: { maxTrialNumberPerGpu: 1, reuseMode: false },
  check(config, service) {
    const problems: PlatformProblem[] = [];
    const gpus = Number(config.trialGpuNumber ?? 0);
    if (gpus > 0 && service.useActiveGpu === undefined) {
      problems.push({
        code: 'missing',
        message: 'Say whether trials may use busy GPUs: set "useActiveGpu" to true or false in trainingService.',
        field: 'trialGpuNumber',
      });
    }
    if (gpus === 0 && service.maxTrialNumberPerGpu !== undefined && service.maxTrialNumberPerGpu !== 1) {
      problems.push({
        code: 'bad-value',
        message: 'maxTrialNumberPerGpu has a meaning only with trialGpuNumber.',
        field: 'maxTrialNumberPerGpu',
      });
    }
    return problems;
  },
};
