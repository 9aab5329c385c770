import assert from 'node:assert/strict';
import type { ExperimentConfig } from '../../../src/model/config/config.ts';
import { chooseBackend } from '../../../src/model/experiment/backend.ts';

const config: ExperimentConfig = {
  experimentType: 'hpo',
  searchSpace: {},
  trialCommand: 'true',
  trialCodeDirectory: '/code',
  trialConcurrency: 1,
  useAnnotation: false,
  debug: false,
  logLevel: 'info',
  experimentWorkingDirectory: '/experiments',
  tuner: { name: 'TPE' },
  trainingService: { platform: 'local', trialCommand: 'true', trialCodeDirectory: '/code' },
};
const remote: ExperimentConfig = { ...config, trainingService: { platform: 'remote' } };

describe('the engine of an experiment', () => {
  it('is the embedded manager where it can run the config, else NNI with the reason', () => {
    assert.equal(chooseBackend('auto', config).backend, 'embedded');
    const { backend, reason } = chooseBackend('auto', remote);
    assert.equal(backend, 'nnictl');
    assert.match(reason, /^The embedded manager can't run this config: .*asks for remote\.$/);
    const unknown = { ...config, tuner: { name: 'SMAC' } };
    assert.match(chooseBackend('auto', unknown).reason, /The tuner SMAC does not run here yet/);
  });

  it('is the one that the setting names, whether it can run the config or not', () => {
    for (const each of [config, remote]) {
      for (const setting of ['embedded', 'nnictl'] as const) {
        const { backend, reason } = chooseBackend(setting, each);
        assert.equal(backend, setting);
        assert.match(reason, /was asked for\.$/);
      }
    }
  });
});
