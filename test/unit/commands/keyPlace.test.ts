import assert from 'node:assert/strict';
import { keyPlace } from '../../../src/ui/commands/keyPlace.ts';

const text = `trialCommand: python3 trial.py
trial_concurrency: 1
tuner:
  name: TPE
trainingService:
  - platform: remote
    machineList: []
`;
const keyIn = (message: string) => {
  const place = keyPlace(text, message);
  return place && text.slice(place.start, place.end);
};

describe('the key that an error of NNI is about', () => {
  it('is the named key, in any spelling', () => {
    assert.equal(keyIn('NNI says: machine_list is empty.'), 'machineList');
    assert.equal(keyIn('RemoteConfig: field trialConcurrency must be positive'), 'trial_concurrency');
    assert.equal(keyIn('platform of trainingService is unknown'), 'trainingService');
  });

  it('is undefined when the error names no key', () => {
    assert.equal(keyIn('Port 8080 is in use.'), undefined);
  });
});
