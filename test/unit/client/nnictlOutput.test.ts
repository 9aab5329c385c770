/** What NNI's command line printed, recorded from the real one, in words for a person. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { projectRoot } from '../../../scripts/folders.ts';
import { hasGivenUp, nnictlReason } from '../../../src/client/nnictl/nnictlOutput.ts';

const recorded = (name: string) =>
  stripVTControlCharacters(readFileSync(join(projectRoot, 'test/fixtures/nni-3.0/nnictl', `${name}.txt`), 'utf8'))
    .split('\n')
    .filter((line) => line !== '');

describe('The output of nnictl', () => {
  const expected: [name: string, reason: RegExp][] = [
    ['badValue', /^NNI refuses it \(AssertionError at: assert self\.trial_concurrency > 0\)\.$/],
    ['unknownKey', /^NNI says: ExperimentConfig does not have field\(s\) trialconcurency\.$/],
    ['unknownPlatform', /^NNI says: 'dict' object has no attribute 'platform'\.$/],
    ['noFolder', /^NNI says: LocalConfig: trial_code_directory "\/home\/user\/nosuch" is not a directory\.$/],
    [
      'badYaml',
      /^NNI says: while parsing a flow node, expected the node content, .* in "bad\.yml", line 2, column 1\.$/,
    ],
    ['noConfig', /^NNI says: "nosuch\.yml" is not a valid file\.$/],
    ['portInUse', /^Port 39512 is in use\. Choose another one/],
    ['resumeUnknown', /^NNI knows no experiment nosuch\.$/],
    ['resumeRunning', /^Only a stopped experiment can be resumed or viewed, and this one is ERROR\. Stop it first\.$/],
    ['stopUnknown', /^NNI knows no such experiment that runs\.$/],
    ['deleteUnknown', /^NNI knows no experiment nosuch\.$/],
    ['gaveUp', /^NNI's launcher gave up on the manager it had started/],
  ];
  for (const [name, reason] of expected) {
    it(`is explained: ${name}`, () => {
      assert.match(nnictlReason(recorded(name), 1), reason);
      assert.equal(hasGivenUp(recorded(name)), name === 'gaveUp');
    });
  }

  it('is quoted when it is not a known message', () => {
    assert.equal(nnictlReason([], 3), 'nnictl ended with code 3 and said nothing.');
    assert.equal(nnictlReason(['Killed'], undefined), 'nnictl was ended by a signal: Killed.');
    assert.equal(
      nnictlReason(['usage: nnictl create', 'nnictl create: error: argument --port/-p: invalid int value'], 2),
      'nnictl says: argument --port/-p: invalid int value.',
    );
  });
});
