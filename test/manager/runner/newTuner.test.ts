/** A new tuner, added as CONTRIBUTING says: a file of ten lines and an entry of the registry. It runs from a config. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { nodeOptions } from '../../../scripts/build.ts';
import { freshFolder, projectRoot, removeFolder } from '../../../scripts/folders.ts';
import type { TrialJobInfo } from '../../../src/model/trial/trial.ts';
import { nniBase } from '../../../src/wire/routes.ts';

const tuner = `/** Steps through each range by the golden ratio: every prefix of the sequence covers it evenly. */
import type { AlgorithmOptions, SearchAlgorithm } from '../algorithm.ts';
export function create({ classArgs: { start = 0 } }: AlgorithmOptions): SearchAlgorithm {
  let names: string[] = [];
  const value = (id: number) => (Number(start) + id * 0.618) % 1;
  return {
    open: (space) => void (names = Object.keys(space)),
    ask: (_, id) => ({ sets: [{ id, parameters: Object.fromEntries(names.map((x) => [x, value(id)])) }], rest: 'later' }),
    tell: () => undefined,
  };
}
`;
const entry = `Golden: tuner('Steps by the golden ratio.', { start: share }, 'tuners/golden'),\n`;

describe('a new tuner', () => {
  let root: string;
  const source = (path: string) => join(root, 'src', path);

  before(async () => {
    root = await freshFolder('newTuner');
    await cp(join(projectRoot, 'src'), join(root, 'src'), { recursive: true });
    await cp(join(projectRoot, 'package.json'), join(root, 'package.json'));
    await symlink(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
    await writeFile(source('search/tuners/golden.ts'), tuner);
    const registry = source('model/config/algorithms.ts');
    const text = await readFile(registry, 'utf8');
    const table = /^export const algorithms.*= \{\n/m;
    assert.match(text, table);
    await writeFile(
      registry,
      text.replace(table, (begin) => begin + entry),
    );
    const entries = { runner: source('runner/main.ts'), searchWorker: source('runner/drivers/searchWorker.ts') };
    await build({ ...nodeOptions, absWorkingDir: root, entryPoints: entries, outdir: join(root, 'dist') });
    await writeFile(join(root, 'dist', 'package.json'), '{ "type": "commonjs" }\n');
    await symlink(join(projectRoot, 'src/runner/trialSdk/nni'), join(root, 'dist', 'nni'));
  });
  after(() => removeFolder(root));

  it('runs from a config.yml in a runner', async () => {
    const config = join(root, 'config.yml');
    await writeFile(
      config,
      `trialCommand: 'true'
trialConcurrency: 2
maxTrialNumber: 3
searchSpace: { x: { _type: uniform, _value: [0, 1] }, y: { _type: uniform, _value: [0, 1] } }
tuner: { name: golden, classArgs: { start: 0.25 } }
trainingService: { platform: local }
experimentWorkingDirectory: ${root}
`,
    );
    const args = ['--experiments-directory', root, '--experiment-id', 'exp', '--config', config];
    const runner = spawn(process.execPath, [join(root, 'dist', 'runner.js'), ...args], {
      env: { ...process.env, HOME: root },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(runner, 'exit');
    try {
      const [ready] = (await Promise.race([once(createInterface(runner.stdout), 'line'), ended])) as [unknown];
      const [, port] = /:(\d+) /.exec(String(ready)) ?? assert.fail(String(ready));
      const get = async (path: string): Promise<unknown> =>
        (await fetch(`http://127.0.0.1:${port}${nniBase}${path}`)).json();
      while (((await get('/check-status')) as { status: string }).status !== 'DONE') await delay(50);
      const trials = (await get('/trial-jobs')) as TrialJobInfo[];
      const parameters = trials.map(({ hyperParameters: [text] }) => JSON.parse(text ?? '').parameters);
      assert.deepEqual(
        parameters.map(({ x, y }: { x: number; y: number }) => [x.toFixed(3), y.toFixed(3)]),
        ['0.250', '0.868', '0.486'].map((each) => [each, each]),
      );
    } finally {
      runner.kill('SIGTERM');
      await ended;
    }
  });

  it('appears in the check of a config and in its schema', async () => {
    const load = (path: string): Promise<unknown> => import(pathToFileURL(source(path)).href);
    const { readConfig } = (await load(
      'model/config/readConfig.ts',
    )) as typeof import('../../../src/model/config/readConfig.ts');
    const { configSchema } = (await load(
      'model/config/configSchema.ts',
    )) as typeof import('../../../src/model/config/configSchema.ts');
    const text = `trialCommand: x
trialConcurrency: 1
searchSpace: { x: { _type: uniform, _value: [0, 1] } }
tuner: { name: Golden, classArgs: { start: 2 } }
trainingService: { platform: local }
`;
    const io = { home: '/home/me', readText: async () => '', kindOf: async () => 'folder' as const };
    const { problems } = await readConfig({ text, file: '/project/config.yml' }, io, { engine: 'embedded' });
    assert.deepEqual(
      problems.map(({ path, code }) => [path.join('.'), code]),
      [['tuner.classArgs.start', 'bad-value']],
    );
    assert.match(JSON.stringify(configSchema()), /"Golden".*Steps by the golden ratio\./);
  });
});
