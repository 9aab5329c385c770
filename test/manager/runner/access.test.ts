/** Which programs may use a runner's own port. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { nniBase } from '../../../src/wire/routes.ts';
import { RunnerProcess, runnerConfig } from '../../harness/runnerProcess.ts';

const run = promisify(execFile);
const nobody = 65534;

/** Prints the statuses of requests: method and path each. */
const strangerProgram = `
const [base, token, ...requests] = process.argv.slice(2);
(async () => {
  for (let i = 0; i < requests.length; i += 2) {
    const headers = { 'content-type': 'application/json', ...(token === '' ? {} : { authorization: 'Bearer ' + token }) };
    const method = requests[i];
    const answer = await fetch(base + requests[i + 1], { method, headers, ...(method === 'GET' ? {} : { body: '{"x":1}' }) });
    console.log(answer.status);
  }
})();
`;

describe('a runner’s port', () => {
  let root: string;
  let runner: RunnerProcess;

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'trialdeck-access-'));
    // The trial's files are this user's only, as by a umask of 077.
    const config = runnerConfig(root, { trialCommand: 'umask 077; echo secret; sleep 600', maxTrialNumber: 10 });
    runner = await RunnerProcess.launch({ root, config });
    await runner.until(({ trials }) => trials.some(({ status }) => status === 'RUNNING'));
  });
  after(async () => {
    await runner.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const tokenFile = () => join(root, '.trialdeck', 'runners', `${runner.id}.json`);

  it('gives another user no file, adds no trial for it and does not stop the experiment', async function () {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) {
      console.warn('      SKIPPED: only root on Linux can start a program of another user');
      return this.skip();
    }
    const program = join(root, 'stranger.cjs');
    writeFileSync(program, strangerProgram);
    chmodSync(root, 0o755);
    const [trial] = await runner.trials();
    const requests = [
      ['GET', `${nniBase}/check-status`],
      ['GET', `${nniBase}/trial-file/${trial?.trialJobId}/stdout`],
      ['POST', `${nniBase}/trial-jobs`],
      ['DELETE', `${nniBase}/trial-jobs/${trial?.trialJobId}`],
      ['POST', `${nniBase}/tensorboard`],
      ['DELETE', `${nniBase}/experiment`],
      ['GET', '/nowhere'],
    ].flat();
    const ask = async (token: string, asked = requests) => {
      const args = [program, runner.url(''), token, ...asked];
      const { stdout } = await run(process.execPath, args, { uid: nobody, gid: nobody, cwd: '/' });
      return stdout.trim().split('\n');
    };
    assert.deepEqual(await ask(''), Array(7).fill('403'));
    assert.deepEqual(await ask('x'.repeat(32)), Array(7).fill('403'));
    const { token } = JSON.parse(readFileSync(tokenFile(), 'utf8')) as { token: string };
    assert.deepEqual(await ask(token, ['GET', `${nniBase}/check-status`]), ['200'], 'the token alone opens it');
    assert.equal((await runner.status()).status, 'RUNNING');
    assert.equal((await runner.trials()).length, 1);
  });

  it('has a token in a file that only this user reads, which goes with the runner', async () => {
    assert.equal(statSync(tokenFile()).mode & 0o777, 0o600);
    assert.equal(statSync(join(root, '.trialdeck', 'runners')).mode & 0o777, 0o700);
    const { token, pid } = JSON.parse(readFileSync(tokenFile(), 'utf8')) as { token: string; pid: number };
    assert.equal(pid, runner.child.pid);
    assert.ok(token.length >= 32);
    await runner.stop();
    assert.equal(existsSync(tokenFile()), false);
  });

  it('refuses an unknown way of access in words', async () => {
    const { answer } = await RunnerProcess.spawn({ root, environment: { TRIALDECK_RUNNER_ACCESS: 'maybe' } });
    assert.ok(answer.type === 'failed');
    assert.match(answer.error, /--runner-access must be one of refuse, allow/);
  });
});
