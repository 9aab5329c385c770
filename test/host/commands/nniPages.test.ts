/** What NNI has beside this window: its web page and the log of its tuner. */
import assert from 'node:assert/strict';
import { commands, EventEmitter, env, type Uri, window } from 'vscode';
import { openDispatcherLog } from '../../../src/ui/commands/files.ts';
import { viewExperiment } from '../../../src/ui/commands/lifecycle.ts';
import { type LogAddress, LogDocuments } from '../../../src/ui/commands/logDocuments.ts';
import { Refusal } from '../../../src/ui/commands/refusal.ts';
import { openWebPortal } from '../../../src/ui/commands/webPortal.ts';
import { reference, runningExperiment, world } from './fakes.ts';

describe("NNI's web page", () => {
  const { openExternal } = env;
  let opened: string[] = [];
  let opens = true;
  before(() => {
    const value = async (uri: Uri) => {
      opened.push(uri.toString(true));
      return opens;
    };
    Object.defineProperty(env, 'openExternal', { configurable: true, value });
  });
  after(() => Object.defineProperty(env, 'openExternal', { configurable: true, value: openExternal }));
  beforeEach(() => {
    opened = [];
    opens = true;
  });

  it('opens at the connected address, whatever port the experiment names', async () => {
    const { services } = world(runningExperiment({ engine: 'nni', standalone: true, port: 8080 }));
    Object.assign(services.store.connections[0] ?? {}, { kind: 'remote', address: 'http://127.0.0.1:9321/a' });
    await openWebPortal(services, reference);
    assert.match(opened[0] ?? '', /9321/);
  });

  it('is refused for an experiment that NNI does not run, that has ended, or whose port is unknown', async () => {
    for (const [change, words] of [
      [{}, 'spirals is not run by NNI; it is shown in this window.'],
      [{ engine: 'nni', live: false, status: 'DONE' }, 'spirals is not running, so NNI serves no web page of it.'],
      [{ engine: 'nni' }, 'Trialdeck does not know the port on which NNI serves spirals.'],
    ] as const) {
      const { services } = world(runningExperiment(change));
      await assert.rejects(openWebPortal(services, reference), { name: 'Refusal', message: words });
    }
    await assert.rejects(openWebPortal(world(runningExperiment()).services), /No experiment is run by NNI/);
    assert.deepEqual(opened, []);
  });

  it('has its address in the message when no browser opens it', async () => {
    opens = false;
    const { services } = world(runningExperiment({ engine: 'nni', port: 8123 }));
    await assert.rejects(openWebPortal(services, reference), /was not opened\. Its address is http.*8123/);
  });
});

describe("the tuner's log", () => {
  let logs: LogDocuments;
  let read: LogAddress[] = [];
  const changes = new EventEmitter<{ connectionId: string; experimentId: string }>();
  before(() => {
    logs = new LogDocuments({
      read: async (address) => {
        read.push(address);
        return { text: 'TPE begins\nTPE died\n', truncated: false };
      },
      grows: () => false,
      onDidChange: changes.event,
    });
  });
  beforeEach(() => {
    read = [];
  });
  after(async () => {
    await commands.executeCommand('workbench.action.closeAllEditors');
    logs.dispose();
  });

  it("opens as a document, from the palette too where one of the experiments is NNI's", async () => {
    const { services } = world(runningExperiment({ engine: 'nni' }));
    for (const args of [[reference], []]) {
      await openDispatcherLog(services, ...args);
      assert.match(window.activeTextEditor?.document.getText() ?? '', /TPE died/);
    }
    assert.deepEqual(read[0], { ...reference, name: 'dispatcher.log' });
  });

  it("is part of the experiment's log when NNI does not run it, with a button to open that log", async () => {
    await assert.rejects(openDispatcherLog(world(runningExperiment()).services, reference), (error) => {
      assert.ok(error instanceof Refusal);
      assert.match(error.message, /tuner of spirals has no log of its own/);
      assert.deepEqual(error.remedy?.args, [reference]);
      assert.equal(error.remedy?.command, 'trialdeck.openManagerLog');
      return true;
    });
    assert.deepEqual(read, []);
  });

  it('is refused with the right reason when NNI runs none of the experiments', async () => {
    const { services } = world(runningExperiment());
    await assert.rejects(openDispatcherLog(services), /No experiment is or was run by NNI/);
    await assert.rejects(viewExperiment(services), /No experiment is stopped/);
  });
});
