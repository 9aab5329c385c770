import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { MarkdownString, ThemeIcon, type TreeItem, TreeItemCollapsibleState } from 'vscode';
import { Store } from '../../../src/store/store.ts';
import { Labels } from '../../../src/ui/explorer/labels.ts';
import { experimentNode, type TreeNode, trialNode } from '../../../src/ui/explorer/nodes.ts';
import { pageSize, TreeData } from '../../../src/ui/explorer/treeData.ts';
import { point, snapshot, summary, trial } from '../../fixtures/builders.ts';
import { FakeConnector, FakeServer, next } from '../../unit/store/samples.ts';

const t = (message: string, ...args: (string | number)[]) =>
  message.replace(/\{(\d)\}/g, (_, index) => String(args[Number(index)]));

describe("the tree's rows", () => {
  let server: FakeServer;
  let store: Store;
  let tree: TreeData;

  beforeEach(async () => {
    server = new FakeServer();
    server.experiments = [summary({ id: 'exp1' }), summary({ id: 'exp2', status: 'DONE', live: false })];
    const rows = Array.from({ length: 120 }, (_, number) => trial(number, { final: String(number / 200) }));
    rows.push(trial(120, { status: 'RUNNING', latest: { sequence: 2, data: '0.4' } }));
    server.snapshots.set('exp1', snapshot(rows, [], { summary: summary({ id: 'exp1' }) }));
    store = new Store({ local: new FakeConnector(server), localLabel: 'This machine', mayStart: () => true });
    tree = new TreeData(store, new Labels(t, 'en'));
    store.onDidChange((change) => tree.take(change));
    tree.setVisible(true);
    await store.local.connect({ start: true });
  });
  afterEach(() => {
    tree.dispose();
    store.dispose();
  });

  const labelsOf = (nodes: TreeNode[]) => nodes.map((node) => String(tree.getTreeItem(node).label));
  async function draw(node?: TreeNode): Promise<TreeNode[]> {
    const nodes = await tree.getChildren(node);
    for (const child of nodes) tree.getTreeItem(child);
    return nodes;
  }
  const experiment = () => tree.intern(experimentNode('local', 'exp1'));
  /** Lets the tree tell all that waits, and reads it as VS Code does. */
  async function readAll(): Promise<void> {
    const told = next(tree.onDidChangeTreeData, (nodes) => nodes === undefined);
    tree.refresh();
    await tree.getChildren();
    tree.getTreeItem(experiment());
    await told;
    await tree.getChildren();
  }

  it('are a connection, its experiments, and their trials a page at a time', async () => {
    const roots = await draw();
    assert.deepEqual(labelsOf(roots), ['This machine']);
    const experiments = await draw(roots[0]);
    assert.equal(experiments.length, 2);
    const trials = await draw(experiments[0]);
    assert.equal(trials.length, pageSize + 1);
    assert.deepEqual(labelsOf(trials).slice(0, 3), ['120', '119', '118']);
    const more = trials.at(-1);
    assert.ok(more?.kind === 'more');
    assert.equal(tree.getTreeItem(more).label, '… 71 more');
    tree.showMore(more);
    assert.equal((await draw(experiments[0])).length, 2 * pageSize + 1);
  });

  it('are empty without experiments, so that the welcome view appears', async () => {
    server.send({ event: 'removed', data: { id: 'exp1' } });
    server.send({ event: 'removed', data: { id: 'exp2' } });
    assert.deepEqual(await tree.getChildren(), []);
  });

  it('show their state in words, shape and colour', async () => {
    await draw(experiment());
    const item = tree.getTreeItem(tree.intern(trialNode('local', 'exp1', 't120')));
    assert.equal(item.description, 'step 2 · 0.4');
    assert.ok(item.iconPath instanceof ThemeIcon);
    assert.equal(item.iconPath.id, 'loading~spin');
    assert.equal(item.iconPath.color?.id, 'trialdeck.running');
    assert.equal(item.accessibilityInformation?.label, 'Trial 120, running, metric 0.4');
    assert.equal(item.contextValue, 'trial;openTrial;copyParameters;copyTrial;openTrialLog;openTrialOutput;killTrial;');
    assert.equal(item.command, undefined, 'rows select, they do nothing');
    assert.equal(item.collapsibleState, TreeItemCollapsibleState.Collapsed);
  });

  it('explain themselves on hover, without commands or HTML', async () => {
    await draw(experiment());
    const node = tree.intern(trialNode('local', 'exp1', 't3'));
    const token = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose() {} }) };
    const item: TreeItem = tree.resolveTreeItem(tree.getTreeItem(node), node, token);
    assert.ok(item.tooltip instanceof MarkdownString);
    assert.match(item.tooltip.value, /6\\.5e\\-4/);
    assert.ok(!item.tooltip.isTrusted && !item.tooltip.supportHtml && !item.tooltip.supportThemeIcons);
  });

  it('show parameters, metrics and the log below a trial', async () => {
    await draw(experiment());
    const sections = await draw(tree.intern(trialNode('local', 'exp1', 't3')));
    assert.deepEqual(labelsOf(sections), ['Parameters', 'Metrics', 'Log']);
    assert.deepEqual(labelsOf(await draw(sections[0])), ['lr', 'hidden', 'act']);
    const metrics = await draw(sections[1]);
    assert.deepEqual(labelsOf(metrics), ['final']);
    assert.equal(metrics[0] && tree.getTreeItem(metrics[0]).description, '0.015');
    const [, , log] = sections;
    assert.equal(log && tree.getTreeItem(log).command?.command, 'trialdeck.openTrialLog');
  });

  it('redraw one by one: a metric redraws only its trial', async () => {
    // The snapshot's own event would redraw more.
    const told = next(store.onDidChange, () => store.experiment('local', 'exp1')?.trials.size === 121);
    await draw((await draw())[0]);
    await draw(experiment());
    const only = tree.intern(trialNode('local', 'exp1', 't120'));
    await told;
    await readAll();
    const redrawn = next(tree.onDidChangeTreeData);
    server.change('exp1', { revision: 2, metrics: [point('t120', 3, 0.5)] });
    assert.deepEqual(await redrawn, [only]);
    assert.equal(tree.getTreeItem(tree.intern(trialNode('local', 'exp1', 't120'))).description, 'step 3 · 0.5');
  });

  it('are told of again only after VS Code has read the ones before, and then together', async () => {
    const told = next(store.onDidChange, () => store.experiment('local', 'exp1')?.trials.size === 121);
    await draw((await draw())[0]);
    await draw(experiment());
    await told;
    const events: unknown[] = [];
    const report = (revision: number) => server.change('exp1', { revision, metrics: [point('t120', revision, 0.5)] });
    mock.timers.enable({ apis: ['setTimeout'] });
    const slow = new TreeData(store, new Labels(t, 'en'));
    try {
      store.onDidChange((change) => slow.take(change));
      slow.onDidChangeTreeData((nodes) => events.push(nodes));
      slow.setVisible(true);
      const parent = slow.intern(experimentNode('local', 'exp1'));
      const running = slow.intern(trialNode('local', 'exp1', 't120'));
      const readChildren = async () => {
        for (const child of await slow.getChildren(parent)) slow.getTreeItem(child);
      };
      await readChildren();
      report(2);
      mock.timers.tick(1000);
      assert.deepEqual(events.splice(0), [[running]]);
      report(3);
      mock.timers.tick(1000);
      server.change('exp1', { revision: 4, trials: [trial(121, { status: 'RUNNING' })] });
      mock.timers.tick(1000);
      assert.deepEqual(events, [], 'VS Code is still busy with the first');
      await readChildren();
      mock.timers.tick(1000);
      assert.deepEqual(events, [], 'VS Code has read the row as a child, for an older event');
      slow.getTreeItem(running);
      assert.deepEqual(events, [[running, parent]]);
    } finally {
      slow.dispose();
      mock.timers.reset();
    }
  });

  it('are read again when they are unfolded, with what came while they were folded up', async () => {
    const told = next(store.onDidChange, () => store.experiment('local', 'exp1')?.trials.size === 121);
    await draw((await draw())[0]);
    await draw(experiment());
    await told;
    await readAll();
    tree.collapsed(experiment());
    const redrawn = next(tree.onDidChangeTreeData);
    tree.expanded(experiment());
    assert.deepEqual(await redrawn, [experiment()]);
    tree.getTreeItem(experiment());
    await draw(experiment());
    assert.ok(store.experiment('local', 'exp1')?.isFollowed);
    const grown = next(tree.onDidChangeTreeData);
    server.change('exp1', { revision: 2, trials: [trial(121, { status: 'RUNNING' })] });
    assert.deepEqual(await grown, [experiment()]);
  });

  it('follow no experiment while the tree is hidden', async () => {
    await draw(experiment());
    const model = store.experiment('local', 'exp1');
    assert.ok(model?.isFollowed);
    tree.setVisible(false);
    assert.ok(!model.isFollowed);
    tree.setVisible(true);
    assert.ok(model.isFollowed, 'what was open is followed again');
    tree.collapsed(experiment());
    assert.ok(!model.isFollowed);
  });

  it('disappear with their experiment', async () => {
    await draw((await draw())[0]);
    const [first] = await draw(experiment());
    const before = [experiment(), first].map((node) => node && tree.intern({ ...node }));
    const gone = next(store.onDidChange, ({ connections }) => connections.size > 0);
    server.send({ event: 'removed', data: { id: 'exp1' } });
    await gone;
    // One object stands for a thing as long as there is the thing.
    for (const node of before) assert.notEqual(node && tree.intern({ ...node }), node);
    const other = tree.intern(experimentNode('local', 'exp2'));
    assert.equal(tree.intern(experimentNode('local', 'exp2')), other);
  });

  it('find a trial far down and its parents', async () => {
    await draw(experiment());
    assert.ok(tree.bringIn('local', 'exp1', 't2'));
    const trials = await draw(experiment());
    const node = trials.find((entry) => entry.kind === 'trial' && entry.trialId === 't2');
    assert.ok(node);
    assert.equal(tree.getParent(node), experiment());
    assert.ok(!tree.bringIn('local', 'exp1', 'nobody'));
  });

  it('give the reason when trials cannot be read, with a retry', async () => {
    const node = tree.intern(experimentNode('local', 'exp2'));
    const children = tree.getChildren(node);
    server.followers.get('exp2')?.failed(new Error('the database is locked'));
    const [problem] = await children;
    assert.ok(problem?.kind === 'problem');
    const item = tree.getTreeItem(problem);
    assert.equal(item.label, 'the database is locked');
    assert.match(item.contextValue ?? '', /;retryConnection;/);
  });
});
