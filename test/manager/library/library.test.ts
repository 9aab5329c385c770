/** The package as others get it: packed by npm, installed into a folder of its own without a network, imported, type-checked, run. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { projectRoot } from '../../../scripts/folders.ts';
import { ensureBuilt } from '../../harness/built.ts';
import { Home } from '../../harness/home.ts';

describe('the package trialdeck', function () {
  this.timeout(240_000);
  let home: Home;
  let user: string;
  let environment: Record<string, string>;

  /** Runs something in the user's folder and gives what it printed. Rejects with that when it fails. */
  async function run(program: string, args: readonly string[], cwd = user): Promise<string> {
    const { all } = await execa(program, args, { cwd, env: environment, extendEnv: false, all: true, stdin: 'ignore' });
    return all;
  }
  const node = (...args: string[]) => run(process.execPath, args);

  before(async () => {
    await ensureBuilt();
    home = await Home.make();
    user = join(home.path, 'user');
    await mkdir(user);
    // Settings that npm hands down to what it runs, as it does to these tests, are about this folder.
    const kept = Object.entries(home.environment()).filter(([name]) => !/^npm_/i.test(name));
    environment = { ...Object.fromEntries(kept), npm_config_cache: join(home.path, 'npm'), NO_UPDATE_NOTIFIER: '1' };
    await writeFile(join(user, 'package.json'), '{ "private": true, "type": "module" }\n');
    await run('npm', ['pack', '--silent', '--pack-destination', user], projectRoot);
    const [archive = ''] = (await readdir(user)).filter((name) => name.endsWith('.tgz'));
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${archive}`]);
  });
  after(() => home?.dispose());

  it('is complete, and holds nothing of the extension, the tests or the sources', async () => {
    assert.deepEqual(
      (await readdir(join(user, 'node_modules'))).filter((name) => !name.startsWith('.')),
      ['trialdeck'],
    );
    const files = await readdir(join(user, 'node_modules', 'trialdeck'), { recursive: true });
    const strange = files.filter((file) =>
      /(^|\/)(src|test|media|webview)(\/|$)|(extension|webview)\.js|\.map$|\.vsix$/.test(file),
    );
    assert.deepEqual(strange, []);
    for (const part of ['cli', 'manager', 'runner', 'axios', 'execa', 'yaml', 'library/index']) {
      assert.ok(files.includes(`dist/${part}.js`), part);
    }
    assert.ok(files.includes('dist/ThirdPartyNotices.txt'), 'the licences of what is bundled');
    const library = await readFile(join(user, 'node_modules/trialdeck/dist/library/index.js'), 'utf8');
    assert.doesNotMatch(library, /require\("vscode"\)/);
  });

  it('can be imported and required', async () => {
    const program = `
      import { Experiment, NotConnectedError, TrialJob } from 'trialdeck';
      const error = await new Experiment().listTrialJobs().catch((reason) => reason);
      console.log(error instanceof NotConnectedError, String(new TrialJob({ id: 'a', status: 'RUNNING' })).slice(0, 24));
    `;
    await writeFile(join(user, 'import.mjs'), program);
    assert.equal(await node('import.mjs'), "true TrialJob(trialJobId: 'a'");
    await writeFile(join(user, 'require.cjs'), "console.log(typeof require('trialdeck').Experiment)");
    assert.equal(await node('require.cjs'), 'function');
  });

  it('has types that a strict program compiles against', async () => {
    await mkdir(join(user, 'node_modules', '@types'));
    for (const name of ['@types/node', 'undici-types']) {
      await symlink(join(projectRoot, 'node_modules', name), join(user, 'node_modules', name));
    }
    const program = `
      import { Experiment, RejectedError, type BackendChoice, type StartOptions } from 'trialdeck';
      const options: StartOptions = { backend: 'auto', port: 8080, onBackend: ({ reason }: BackendChoice) => console.log(reason) };
      const experiment = new Experiment({ experimentsDirectory: '/tmp/experiments' });
      await experiment.startExperiment('config.yml', options).catch((error: unknown) => {
        if (error instanceof RejectedError) console.log(error.problems[0]?.line);
      });
      const id: string | undefined = (await experiment.listTrialJobs())[0]?.trialJobId;
      // @ts-expect-error It is a number.
      const port: string = experiment.port;
      console.log(id, port);
    `;
    await writeFile(join(user, 'check.ts'), program);
    const compilerOptions = { strict: true, module: 'NodeNext', target: 'ES2023', noEmit: true, types: ['node'] };
    const settings = { compilerOptions: { ...compilerOptions, exactOptionalPropertyTypes: true }, files: ['check.ts'] };
    await writeFile(join(user, 'tsconfig.json'), JSON.stringify(settings));
    await node(join(projectRoot, 'node_modules/typescript/bin/tsc'), '-p', '.');
    await rm(join(user, 'node_modules', '@types'), { recursive: true });
  });

  it('has an example that starts an experiment, waits for it and exports its results', async () => {
    const example = join('node_modules', 'trialdeck', 'examples', 'client', 'run.mjs');
    const said = await node(example, home.experiments, '4', 'results.json');
    assert.match(said, /^embedded: The embedded manager can run all of this config\.$/m);
    assert.match(said, /^status: DONE$/m);
    assert.match(said, /^4 trials SUCCEEDED$/m);
    assert.match(said, /^best: TrialResult\(parameter: \{ learning_rate: .* trialJobId: '\w+'\)$/m);
    const results = JSON.parse(await readFile(join(user, 'results.json'), 'utf8')) as { value: { default: number } }[];
    assert.equal(results.length, 4);
    assert.ok(results.every(({ value }) => value.default > 0));
  });

  it('brings the command line', async () => {
    const bin = join(dirname(process.execPath));
    environment = { ...environment, PATH: `${bin}:${environment.PATH}` };
    const list = await run(join('node_modules', '.bin', 'trialdeck'), ['experiment', 'list', '--all']);
    assert.match(list, /^\w{8} +spirals +DONE +4 /m);
  });
});
