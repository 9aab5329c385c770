/** Connects to servers elsewhere, as a window does: a manager that a person started, and a single runner at its own address. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identifyEndpoint } from '../../../src/client/endpoint.ts';
import { EndpointError } from '../../../src/client/errors.ts';
import { ManagerClient } from '../../../src/client/manager.ts';
import type { Connection } from '../../../src/store/connection.ts';
import { Store } from '../../../src/store/store.ts';
import { CommandLine, type RunningCommand } from '../../harness/commandLine.ts';
import { eventually } from '../../harness/eventually.ts';
import { freePort, Home } from '../../harness/home.ts';
import { runnerConfig } from '../../harness/runnerProcess.ts';
import { shellTrial } from '../../harness/trialCommands.ts';
import { FakeConnector } from '../../unit/store/samples.ts';

const generous = 60_000;

describe('a connection to a server elsewhere', () => {
  let home: Home;
  let cli: CommandLine;
  let store: Store;
  let tokenFile: string;
  let token: string;
  let port: number;
  let address: string;
  let manager: RunningCommand | undefined;

  async function startManager(): Promise<void> {
    manager = await cli.start('manager', 'start', '--port', String(port), '--token-file', tokenFile);
    await manager.until(/Connect to Manager/);
    token = readFileSync(tokenFile, 'utf8').trim();
  }
  async function endManager(): Promise<void> {
    manager?.interrupt();
    assert.equal((await manager?.ended)?.code, 0);
  }
  const add = (url: string, given?: () => string): Connection =>
    store.addEndpoint({ id: url, label: url, address: url, token: async () => given?.() });
  const status = (connection: Connection, state: string) =>
    eventually(`the connection to be ${state}`, () => connection.status.state === state && connection.status, generous);

  beforeEach(async () => {
    home = await Home.make();
    cli = new CommandLine(home);
    tokenFile = join(home.path, 'private', 'token');
    port = await freePort();
    address = `http://127.0.0.1:${port}`;
    store = new Store({ local: new FakeConnector(undefined), localLabel: 'here', mayStart: () => false });
    store.setVisible(true);
  });
  afterEach(async () => {
    store.dispose();
    await home.dispose();
  });

  it('lists the experiments of a manager that a person started, and again after it restarts', async () => {
    await startManager();
    assert.equal(statSync(tokenFile).mode & 0o777, 0o600);
    const client = new ManagerClient(address, { token });
    const go = join(home.path, 'go');
    const wait = `trap 'exit 130' INT; until [ -e '${go}' ] || [ ! -d '${home.path}' ]; do sleep 0.02; done`;
    const { id } = await client.launch({
      action: 'create',
      config: runnerConfig(home.experiments, {
        trialCommand: shellTrial(`report PERIODICAL 0.5; ${wait}; report FINAL 1`),
        maxTrialNumber: 1,
        trialConcurrency: 1,
      }),
    });
    client.dispose();
    const connection = add(address, () => token);
    await connection.show();
    const model = connection.models.get(id);
    assert.ok(model);
    const watching = model.follow();
    await eventually('the first number', () => [...model.trials.values()][0]?.row.latest?.data === '0.5', generous);

    await endManager();
    const lost = await status(connection, 'lost');
    assert.ok(lost.state === 'lost' && lost.reached && lost.reason.includes(address), JSON.stringify(lost));
    assert.equal(model.trials.size, 1, 'what was read stays');

    writeFileSync(go, '');
    await startManager();
    await status(connection, 'connected');
    await eventually('the result', () => [...model.trials.values()][0]?.row.final === '1', generous);
    watching.dispose();
  });

  it('names a missing token as the fault, and works with the right one', async () => {
    await startManager();
    for (const [given, fault] of [
      [undefined, 'token missing'],
      ['guessed', 'token wrong'],
    ] as const) {
      const error = await identifyEndpoint(address, given === undefined ? {} : { token: given }).catch(
        (e: unknown) => e,
      );
      assert.ok(error instanceof EndpointError && error.fault === fault, String(error));
    }
    let given = 'guessed';
    const connection = add(address, () => given);
    await connection.show();
    const lost = await status(connection, 'lost');
    assert.ok(lost.state === 'lost' && lost.wantsToken);
    given = token;
    await connection.retry();
    assert.equal(connection.status.state, 'connected');
  });

  it('shows the one experiment of a runner, which no server there can resume or delete', async () => {
    await startManager();
    const client = new ManagerClient(address, { token });
    const launched = await client.launch({
      action: 'create',
      config: runnerConfig(home.experiments, {
        trialCommand: shellTrial('report PERIODICAL 0.5; report FINAL 1'),
        maxTrialNumber: 1,
        trialConcurrency: 1,
      }),
    });
    client.dispose();
    // It needs no manager.
    await endManager();
    const connection = add(`http://localhost:${launched.port}`);
    await connection.show();
    const model = connection.models.get(launched.id);
    assert.ok(model);
    assert.equal(model.summary.standalone, true);
    await model.loaded(generous);
    const watching = model.follow();
    await eventually('the end', () => model.summary.status === 'DONE', generous);
    assert.equal(model.summary.best?.value, 1);
    assert.equal(model.summary.standalone, true);
    await assert.rejects(store.launch({ action: 'resume', id: launched.id }, connection.id), /no manager/);
    await assert.rejects(store.delete(connection.id, launched.id), /no manager/);
    await store.stop(connection.id, launched.id);
    assert.equal(connection.status.state, 'idle');
    assert.deepEqual([model.summary.status, model.summary.live], ['STOPPED', false]);
    watching.dispose();
  });

  it('is refused a server where others could misuse it, or where one runs already', async () => {
    const open = await cli.run('manager', 'start', '--host', '0.0.0.0');
    assert.equal(open.code, 1);
    assert.match(open.stderr, /--token-file/);
    await startManager();
    const second = await cli.run('manager', 'start', '--token', 'x');
    assert.equal(second.code, 1);
    assert.match(second.stderr, /runs already, at http:.*manager stop/);
    // The manager that was started by hand is that of this folder's other clients.
    const shown = await cli.run('manager', 'show', '--json');
    assert.equal(JSON.parse(shown.stdout).address, address);
    await cli.run('manager', 'stop');
    assert.equal((await manager?.ended)?.code, 0);
  });
});
