/** Running experiments through the manager: launched, steered, followed, killed and resumed. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { followExperiment } from '../../../src/client/follow/follow.ts';
import type {
  ExperimentChange,
  ExperimentSnapshot,
  ExperimentSummary,
} from '../../../src/model/experiment/experiment.ts';
import { unwrapMetricData } from '../../../src/model/trial/metric.ts';
import type { MetricDataRecord, TrialJobInfo } from '../../../src/model/trial/trial.ts';
import { experimentRoot, experimentRoutes, managerRoutes, nniBase } from '../../../src/wire/routes.ts';
import { eventually } from '../../harness/eventually.ts';
import { Home, killHard, untilGone } from '../../harness/home.ts';
import { ManagerProcess } from '../../harness/managerProcess.ts';
import { runnerConfig } from '../../harness/runnerProcess.ts';
import { shellTrial } from '../../harness/trialCommands.ts';

describe('a manager with running experiments', () => {
  let home: Home;
  let manager: ManagerProcess;
  let go: string;
  const below = (id: string, path: string) => experimentRoot(id) + path;
  const nni = <T>(id: string, path: string) => manager.get<T>(below(id, nniBase + path));
  const snapshot = (id: string) => manager.get<ExperimentSnapshot>(below(id, experimentRoutes.snapshot));
  /** Waits for the file `go`, or the end of the test. Without the trap, a shell between two commands survives SIGINT. */
  const wait = () => `trap 'exit 130' INT; until [ -e '${go}' ] || [ ! -d '${home.path}' ]; do sleep 0.02; done`;
  const create = (changes: Parameters<typeof runnerConfig>[1]) =>
    manager.launch({ action: 'create', config: runnerConfig(home.experiments, changes) });
  const order = (id: string, method: string, path: string, body?: unknown) =>
    manager.fetch(below(id, nniBase + path), {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });

  beforeEach(async () => {
    home = await Home.make();
    go = join(home.path, 'go');
    manager = await ManagerProcess.start(home);
  });
  afterEach(() => home.dispose());

  it('launches an experiment, passes requests on while it lives, and answers the same from its database afterwards', async () => {
    const { id, port, pid } = await create({
      experimentName: 'proxied',
      trialCommand: shellTrial(`echo hello; report PERIODICAL 0.5; ${wait()}; report FINAL 1`),
      maxTrialNumber: 2,
      trialConcurrency: 2,
    });
    const [listed] = await manager.client.list();
    assert.deepEqual(
      [listed?.id, listed?.name, listed?.live, listed?.port, listed?.pid],
      [id, 'proxied', true, port, pid],
    );
    // The runner finds out which nni the trials import while the first trial starts.
    await manager.until(id, ({ sdk }) => sdk !== undefined);
    const own = await (await fetch(`http://127.0.0.1:${port}${nniBase}/experiment-metadata`)).json();
    assert.deepEqual(await nni(id, '/experiment-metadata'), own);

    assert.equal(
      (await order(id, 'PUT', '/experiment?update_type=MAX_TRIAL_NUM', { params: { maxTrialNumber: 3 } })).status,
      200,
    );
    const added = await order(id, 'POST', '/trial-jobs', { x: 0.25 });
    assert.deepEqual([added.status, await added.json()], [200, { sequenceId: 2 }]);
    const refused = await order(id, 'PUT', '/experiment?update_type=NONSENSE', {});
    assert.equal(refused.status, 400);
    assert.match(
      ((await refused.json()) as { error: string }).error,
      /^update_type must be one of .*MAX_TRIAL_NUM.*; it is not "NONSENSE"\.$/,
    );
    const waiting = await eventually('the added trial', async () =>
      (await nni<TrialJobInfo[]>(id, '/trial-jobs')).find(({ sequenceId }) => sequenceId === 2),
    );
    assert.equal((await order(id, 'DELETE', `/trial-jobs/${waiting.trialJobId}`)).status, 200);
    writeFileSync(go, '');
    await manager.until(id, ({ status }) => status === 'DONE');

    const whileLiving = {
      trials: await nni<TrialJobInfo[]>(id, '/trial-jobs'),
      metrics: await nni<MetricDataRecord[]>(id, '/metric-data'),
      exported: await nni(id, '/export-data'),
    };
    assert.deepEqual(whileLiving.trials.map(({ status }) => status).sort(), [
      'SUCCEEDED',
      'SUCCEEDED',
      'USER_CANCELED',
    ]);
    assert.equal((await order(id, 'DELETE', '/experiment')).status, 200);
    const ended = await manager.until(id, ({ live }) => !live);
    assert.deepEqual([ended.status, ended.errors, ended.port, ended.pid], ['DONE', [], undefined, undefined]);
    await untilGone(pid);
    assert.deepEqual(
      {
        trials: await nni(id, '/trial-jobs'),
        metrics: await nni(id, '/metric-data'),
        exported: await nni(id, '/export-data'),
      },
      whileLiving,
    );
    const ran = whileLiving.trials.find(({ status }) => status === 'SUCCEEDED');
    const log = await manager.fetch(below(id, `${nniBase}/trial-file/${ran?.trialJobId}/trial.stdout`));
    assert.equal(await log.text(), 'hello\n');
  });

  it('streams changes from the client’s last revision on, or from a new snapshot when that is too old', async () => {
    const trialCommand = shellTrial(`${wait()}; for i in 0 1 2; do report PERIODICAL $i $i; done; report FINAL 3`);
    const { id } = await create({ trialCommand, maxTrialNumber: 1 });
    const first = await snapshot(id);
    const query = (session: string, since: number) =>
      below(id, `${experimentRoutes.events}?session=${session}&since=${since}`);
    writeFileSync(go, '');
    /** Changes after `since` until the trial's end. */
    async function changesSince(since: number): Promise<ExperimentChange[]> {
      const changes: ExperimentChange[] = [];
      for await (const { event, id: revision, data } of manager.events(query(first.session, since))) {
        assert.equal(event, 'change');
        const change = data as ExperimentChange;
        assert.equal(revision, String(change.revision));
        changes.push(change);
        if (change.summary?.status === 'DONE') break;
      }
      return changes;
    }
    const all = await changesSince(first.revision);
    assert.deepEqual(
      all.map(({ revision }) => revision),
      all.map((_, index) => first.revision + 1 + index),
    );
    const points = all.flatMap(({ metrics = [] }) => metrics.map(({ type, data }) => `${type} ${data}`));
    assert.deepEqual(points, ['PERIODICAL 0', 'PERIODICAL 1', 'PERIODICAL 2', 'FINAL 3']);
    const missed = await changesSince(first.revision + 2);
    assert.deepEqual(missed, all.slice(2));
    for (const path of [query('another', 3), query(first.session, 1000)]) {
      const events = [];
      for await (const { event, data } of manager.events(path)) events.push({ event, data });
      assert.deepEqual(events, [{ event: 'reset', data: {} }]);
    }
  });

  it('keeps a follower’s stream open over the end and the resume of an experiment', async () => {
    const { id } = await create({ trialCommand: shellTrial(`report FINAL 1; ${wait()}`), maxTrialNumber: 1 });
    const leave = new AbortController();
    const seen: string[] = [];
    const see = ({ status, live }: ExperimentSummary) => {
      const state = `${status} ${live}`;
      if (seen.at(-1) !== state) seen.push(state);
    };
    const following = followExperiment(
      manager.client.experiment(id),
      { onSnapshot: ({ summary }) => see(summary), onChange: ({ summary }) => summary && see(summary) },
      leave.signal,
      { retries: 5 },
    );
    const until = (state: string) => eventually(`${state}, seen ${seen}`, () => seen.at(-1) === state);
    await until('NO_MORE_TRIAL true');
    await manager.client.experiment(id).stopExperiment();
    await until('STOPPED false');
    await manager.launch({ action: 'resume', id });
    await eventually('the resumed experiment', () => seen.at(-1)?.endsWith('true'));
    await manager.client.experiment(id).stopExperiment();
    await until('STOPPED false');
    await manager.launch({ action: 'view', id });
    await until('VIEWED true');
    leave.abort();
    await following;
  });

  it('reports a runner killed with -9; the resume adopts its trials and loses or doubles no metric', async () => {
    const mine = wait().replace(go, `${go}'$NNI_TRIAL_SEQ_ID'`);
    const trialCommand = shellTrial(`report PERIODICAL 0 0; ${mine}; report PERIODICAL 1 1; report FINAL 2`);
    const { id, pid } = await create({ trialCommand, trialConcurrency: 2, maxTrialNumber: 2 });
    await eventually('the first metrics', async () => (await nni<MetricDataRecord[]>(id, '/metric-data')).length === 2);
    await killHard(pid);
    const { status, errors, ...dead } = await manager.until(id, ({ live }) => !live);
    assert.deepEqual([status, dead.pid, dead.port], ['STOPPED', undefined, undefined]);
    assert.match(errors.join(), /ended unexpectedly.*resume/);
    assert.deepEqual(await nni(id, '/check-status'), { status, errors });
    assert.equal((await order(id, 'POST', '/trial-jobs', { x: 1 })).status, 409);

    // One trial ends while no runner watches, the other after its adoption.
    writeFileSync(`${go}0`, '');
    const [ended] = (await nni<TrialJobInfo[]>(id, '/trial-jobs')).filter(({ sequenceId }) => sequenceId === 0);
    const trials = join(home.experiments, id, 'environments/local-env/trials');
    await eventually('its end', () => existsSync(join(trials, ended?.trialJobId ?? '', '.nni/state')));
    const again = await manager.launch({ action: 'resume', id });
    assert.notEqual(again.pid, pid);
    await manager.until(id, ({ counts }) => counts.SUCCEEDED === 1 && counts.RUNNING === 1);
    writeFileSync(`${go}1`, '');
    await manager.until(id, (summary) => summary.status === 'DONE');
    const metrics = await nni<MetricDataRecord[]>(id, '/metric-data');
    for (const { trialJobId } of await nni<TrialJobInfo[]>(id, '/trial-jobs')) {
      const own = metrics.filter((metric) => metric.trialJobId === trialJobId);
      assert.deepEqual(
        own.map(({ type, data }) => `${type} ${unwrapMetricData(data)}`),
        ['PERIODICAL 0', 'PERIODICAL 1', 'FINAL 2'],
      );
    }
    assert.equal(metrics.length, 6);
    await assert.rejects(manager.launch({ action: 'resume', id }), /is running already/);
  });

  it('does not take a reused pid for a running experiment', async () => {
    const { id, pid } = await create({ trialCommand: 'sleep 600' });
    await killHard(pid);
    await manager.stop();
    const manifest = await home.manifest();
    const stale = { ...manifest[id], status: 'RUNNING', pid: process.pid };
    writeFileSync(join(home.experiments, '.experiment'), JSON.stringify({ ...manifest, [id]: stale }));
    manager = await ManagerProcess.start(home);
    const [found] = await manager.client.list();
    assert.deepEqual([found?.status, found?.live, found?.pid], ['STOPPED', false, undefined]);
    await manager.launch({ action: 'resume', id });
  });

  it('finds a living runner without the manifest, and the runner restores its entry', async () => {
    const { id, pid, port } = await create({ experimentName: 'kept', trialCommand: wait(), maxTrialNumber: 1 });
    await manager.stop();
    const path = join(home.experiments, '.experiment');
    for (const text of ['{"cut', undefined]) {
      if (text === undefined) rmSync(path);
      else writeFileSync(path, text);
      manager = await ManagerProcess.start(home);
      const [found] = await manager.client.list();
      assert.deepEqual([found?.id, found?.live, found?.pid, found?.port], [id, true, pid, port]);
      if (text !== undefined) await manager.stop();
    }
    writeFileSync(go, '');
    await manager.until(id, ({ status }) => status === 'DONE');
    const entry = await eventually('the entry', async () =>
      existsSync(path) ? (await home.manifest())[id] : undefined,
    );
    assert.deepEqual([entry.id, entry.experimentName, entry.pid, entry.logDir], [id, 'kept', pid, home.experiments]);
  });

  it('lists an experiment whose runner hangs, and all others', async () => {
    const hanging = await create({ experimentName: 'hanging', trialCommand: 'sleep 600' });
    const other = await create({ experimentName: 'other', trialCommand: 'sleep 600' });
    await manager.stop();
    process.kill(hanging.pid, 'SIGSTOP');
    manager = await ManagerProcess.start(home);
    const list = await manager.client.list();
    assert.deepEqual(
      list.map(({ id, live, pid }) => [id, live, pid]).sort(),
      [
        [hanging.id, true, hanging.pid],
        [other.id, true, other.pid],
      ].sort(),
    );
    process.kill(hanging.pid, 'SIGCONT');
    assert.equal((await manager.until(hanging.id, ({ status }) => status === 'RUNNING')).name, 'hanging');
  });

  it('leaves an experiment running when only its stream breaks, and opens the stream again', async () => {
    const { id, port } = await create({ trialCommand: wait(), maxTrialNumber: 1 });
    await manager.stop();
    // Between manager and runner, to break what connects them.
    const sockets = new Set<Socket>();
    const relay = createServer((socket) => {
      const onward = connect(port, '127.0.0.1');
      for (const end of [socket, onward]) end.on('error', () => undefined);
      sockets.add(socket);
      socket.pipe(onward).pipe(socket);
      socket.once('close', () => sockets.delete(socket) && onward.destroy());
    }).listen(0, '127.0.0.1');
    try {
      await once(relay, 'listening');
      const manifest = await home.manifest();
      const entry = { ...manifest[id], port: (relay.address() as AddressInfo).port };
      writeFileSync(join(home.experiments, '.experiment'), JSON.stringify({ ...manifest, [id]: entry }));
      manager = await ManagerProcess.start(home);
      const seen: string[] = [];
      for await (const { event, data } of manager.events(managerRoutes.events)) {
        const summary = (event === 'list' ? (data as ExperimentSummary[])[0] : data) as ExperimentSummary;
        seen.push(`${summary.status} ${summary.live}`);
        if (summary.status === 'DONE') break;
        // Each new stream begins with the experiment; the trial may end only on the third stream.
        if (seen.length > 3) writeFileSync(go, '');
        else for (const socket of sockets) socket.destroy();
      }
      assert.deepEqual(new Set(seen), new Set(['NO_MORE_TRIAL true', 'DONE true']));
    } finally {
      for (const socket of sockets) socket.destroy();
      relay.close();
    }
  });

  it('lists an experiment that lies in a folder of its own choice', async () => {
    const elsewhere = join(home.path, 'elsewhere');
    mkdirSync(elsewhere);
    const config = runnerConfig(elsewhere, { trialCommand: 'true', maxTrialNumber: 1, trialCodeDirectory: home.path });
    const { id } = await manager.launch({ action: 'create', config });
    const done = await manager.until(id, ({ status }) => status === 'DONE');
    assert.equal(done.directory, join(elsewhere, id));
    assert.ok(existsSync(join(elsewhere, id, 'db/nni.sqlite')));
    await manager.client.experiment(id).stopExperiment();
    await manager.until(id, ({ live }) => !live);
    await manager.launch({ action: 'resume', id });
    assert.equal((await manager.client.experiment(id).summary()).directory, join(elsewhere, id));
    assert.ok(!existsSync(join(home.experiments, id)));
  });

  it('answers a port in use with a conflict, and leaves nothing behind', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const config = runnerConfig(home.experiments, { trialCommand: 'sleep 600' });
    await assert.rejects(manager.launch({ action: 'create', config, port }), {
      status: 409,
      message: `Could not start the experiment: Port ${port} is in use. Choose another one, or none for a free one.`,
    });
    server.close();
    assert.deepEqual(await manager.client.list(), []);
    assert.deepEqual(readdirSync(home.experiments), ['.trialdeck']);
    assert.equal((await manager.launch({ action: 'create', config, port })).port, port);
  });

  it('gives trials the environment of the client that launched them, and puts the runner’s log into the experiment’s folder', async () => {
    const config = runnerConfig(home.experiments, {
      trialCommand: `printf %s "$GREETING" > '${go}'`,
      maxTrialNumber: 1,
    });
    const { id } = await manager.launch({
      action: 'create',
      config,
      environment: { GREETING: 'good day' },
      debug: true,
    });
    await manager.until(id, ({ status }) => status === 'DONE');
    assert.equal(readFileSync(go, 'utf8'), 'good day');
    const log = await manager.fetch(below(id, '/logs/nnimanager.log'));
    assert.match(await log.text(), new RegExp(`create ${id} as process \\d+`));
    const changes = manager.events(managerRoutes.events);
    const first = (await changes.next()).value;
    assert.equal(first?.event, 'list');
    await changes.return(undefined);
  });
});
