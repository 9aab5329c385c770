import assert from 'node:assert/strict';
import { platformRules } from '../../../src/model/config/platforms/registry.ts';
import { createPlatform, platforms } from '../../../src/runner/trainingServices/registry.ts';
import { silentLogger } from '../../../src/server/log.ts';
import { runnerConfig } from '../../harness/runnerProcess.ts';

describe('the platforms', () => {
  it('have config rules and a training service each', () => {
    assert.deepEqual(Object.keys(platforms), Object.keys(platformRules));
  });

  const create = (changes: object) =>
    createPlatform({
      experimentId: 'exp',
      experimentDirectory: '/exp',
      config: { ...runnerConfig('/'), ...changes },
      logger: () => silentLogger,
    });

  it('are refused with the reason when no service runs them', () => {
    assert.throws(() => create({ trainingService: { platform: 'kubeflow' } }), /platform "kubeflow" needs NNI itself/);
    assert.throws(() => create({ trainingService: { platform: 'constructor' } }), /"constructor" needs NNI/);
    assert.throws(() => create({ trainingService: undefined }), /config of NNI 1\.x/);
    assert.throws(() => create({ experimentType: 'nas' }), /searches an architecture/);
  });
});
