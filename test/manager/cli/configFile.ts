/** Config files as a person writes them, for the command line to read. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../../harness/home.ts';

/** A config with two parameters and one trial at a time, changed by `changes`. */
export function writeConfig(home: Home, changes: Record<string, unknown> = {}, name = 'config.json'): string {
  const config = {
    searchSpace: { x: { _type: 'uniform', _value: [0, 1] }, kind: { _type: 'choice', _value: ['a', 'b'] } },
    trialCommand: 'true',
    trialCodeDirectory: '.',
    trialConcurrency: 1,
    tuner: { name: 'Random', classArgs: { seed: 1 } },
    trainingService: { platform: 'local' },
    ...changes,
  };
  return writeText(home, name, JSON.stringify(config, null, 2));
}

export function writeText(home: Home, name: string, text: string): string {
  const path = join(home.path, name);
  writeFileSync(path, text);
  return path;
}
