import assert from 'node:assert/strict';
import { delimiter, join } from 'node:path';
import { inheritedEnvironment, wholeEnvironment, withPython } from '../../../src/ui/commands/pythonPath.ts';

describe('the environment of a launch', () => {
  const bin = join('/venv', 'bin');

  it('has the selected Python first, once', () => {
    const environment = withPython(
      { PATH: ['/usr/bin', bin].join(delimiter) },
      { executable: join(bin, 'python3'), virtualEnvironment: '/venv' },
    );
    assert.deepEqual(environment, { PATH: [bin, '/usr/bin'].join(delimiter), VIRTUAL_ENV: '/venv' });
  });

  it('drops the variables of another Python', () => {
    const environment = withPython(
      { PATH: '/usr/bin', VIRTUAL_ENV: '/other', PYTHONHOME: '/other', CUDA_VISIBLE_DEVICES: '1' },
      { executable: join(bin, 'python3') },
    );
    assert.deepEqual(environment, { PATH: [bin, '/usr/bin'].join(delimiter), CUDA_VISIBLE_DEVICES: '1' });
  });

  it('keeps the spelling that Windows uses for the path', () => {
    const environment = withPython({ Path: 'C:\\Windows' }, { executable: join(bin, 'python3') });
    assert.deepEqual(Object.keys(environment), ['Path']);
  });

  it("is complete for NNI, except for the editor's and npm's own variables", () => {
    const all = { HOME: '/h', PATH: '/bin', npm_lifecycle_event: 'test', VSCODE_PID: '1', ELECTRON_RUN_AS_NODE: '1' };
    assert.deepEqual(wholeEnvironment(all, undefined), { HOME: '/h', PATH: '/bin' });
    assert.deepEqual(wholeEnvironment(all, { executable: join(bin, 'python3') }), {
      HOME: '/h',
      PATH: [bin, '/bin'].join(delimiter),
    });
  });

  it('keeps variables that choose interpreters, libraries and devices, and no secrets', () => {
    const all = { PATH: '/bin', CONDA_PREFIX: '/c', CUDA_HOME: '/cuda', AWS_SECRET: 's', VSCODE_IPC: 'x', HOME: '/h' };
    assert.deepEqual(inheritedEnvironment(all), { PATH: '/bin', CONDA_PREFIX: '/c', CUDA_HOME: '/cuda' });
  });
});
