import assert from 'node:assert/strict';
import { configOf, problemTable, read } from './reading.ts';

const old = `authorName: me
experimentName: old
trialConcurrency: 1
maxExecDuration: 1h
maxTrialNum: 10
trainingServicePlatform: local
searchSpacePath: space.json
useAnnotation: false
logDir: ~/logs
tuner:
  builtinTunerName: TPE
  classArgs:
    optimize_mode: maximize
  gpuIndices: 0
trial:
  command: python3 trial.py
  codeDir: .
  gpuNum: 0
localConfig:
  useActiveGpu: true
`;
const files = { '/project/space.json': '{"x": {"_type": "uniform", "_value": [0, 1]}}' };
const converted = '6:1 "trainingServicePlatform" warning version-1: This is the format of NNI 1; it is converted';
const author = '1:1 "authorName" warning dropped: "authorName" has no meaning any more';
const oldWith = (from: string, to: string) => old.replace(from, to);

describe('a config of NNI 1', () => {
  it('becomes the config that people write today', async () => {
    const { config } = await read(old, files);
    const modern = `experimentName: old
trialConcurrency: 1
maxExperimentDuration: 1h
maxTrialNumber: 10
searchSpaceFile: space.json
experimentWorkingDirectory: ~/logs
tuner: { name: TPE, classArgs: { optimize_mode: maximize } }
tunerGpuIndices: [0]
trialCommand: python3 trial.py
trialCodeDirectory: .
trialGpuNumber: 0
trainingService: { platform: local, useActiveGpu: true }
`;
    assert.deepEqual(config, await configOf(modern, files));
  });

  problemTable(
    [
      ['is converted with a warning', old, converted, author],
      [
        'with other keys that mean nothing now',
        `${old}multiThread: false\ndescription: mine\n`,
        converted,
        author,
        /^21:1 "multiThread" warning dropped/,
        /^22:1 "description" warning dropped/,
      ],
      [
        'with a misspelt key',
        oldWith('maxTrialNum', 'maxTrialNumm'),
        converted,
        author,
        /^5:1 "maxTrialNumm" unknown-key: .* → maxTrialNum$/,
      ],
      [
        'with a misspelt key of the tuner',
        oldWith('classArgs', 'clasArgs'),
        converted,
        author,
        /^12:3 "clasArgs" unknown-key: .* → classArgs$/,
      ],
      [
        'with a misspelt key of the trial',
        oldWith('gpuNum', 'gpuNumm'),
        converted,
        author,
        /^18:3 "gpuNumm" unknown-key: .* → gpuNum$/,
      ],
      [
        'with a wrong value, told at its old place',
        oldWith('10', '-1'),
        converted,
        author,
        /^5:14 "-1" bad-value: maxTrialNumber must be/,
      ],
      ['with a wrong duration', oldWith('1h', '1x'), converted, author, /^4:18 "1x" bad-value: /],
      ['with a misspelt tuner', oldWith('TPE', 'TPEE'), converted, author, /^11:21 "TPEE" bad-value: .* → TPE$/],
      [
        'with a wrong argument',
        oldWith('maximize', 'max'),
        converted,
        author,
        /^13:20 "max" bad-value: optimize_mode must be/,
      ],
      [
        'with a command that is no text',
        oldWith('python3 trial.py', '3'),
        converted,
        author,
        /^16:12 "3" wrong-type: trialCommand must be text/,
      ],
      [
        'with trials of several phases',
        `${old}multiPhase: true\n`,
        converted,
        author,
        /^21:1 "multiPhase" unsupported: /,
      ],
      [
        'with trials of one phase',
        `${old}multiPhase: false\n`,
        converted,
        author,
        /^21:1 "multiPhase" warning dropped/,
      ],
      [
        'with a trial that is no map',
        oldWith(/trial:\n(?: .*\n)+/.exec(old)?.[0] ?? '', 'trial: [1]\n'),
        converted,
        author,
        /^15:8 "\[1\]" wrong-type: trialCommand must be text/,
      ],
      [
        'for another platform, whose keys are not checked',
        oldWith('trainingServicePlatform: local', 'trainingServicePlatform: pai').concat('paiConfig: { host: a }\n'),
        converted,
        author,
        /^21:1 "paiConfig" warning dropped/,
        /^6:26 "pai" unsupported: .* asks for openpai\.$/,
      ],
      [
        'with an assessor',
        `${old}assessor:\n  builtinAssessorName: Medianstop\n`,
        converted,
        author,
        /^21:1 "assessor" unsupported: /,
      ],
    ],
    files,
  );

  it('with a tuner of its own names the class by its file', async () => {
    const text = oldWith('builtinTunerName: TPE', 'codeDir: src\n  classFileName: mine.py\n  className: Mine');
    const { problems } = await read(text, files);
    assert.match(problems.at(-1)?.message ?? '', /The tuner mine\.Mine does not run here/);
  });
});
