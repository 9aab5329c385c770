/** A test's own home folder, which protects the user's experiments. Its disposal ends every process started in it. */
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ManifestEntry } from '../../src/model/experiment/experiment.ts';
import { isSameProcess, signalAll, treeOf } from '../../src/system/processTable.ts';
import { managerLockPath } from '../../src/wire/routes.ts';
import type { ManagerLock } from '../../src/wire/schemas/manager.ts';
import { eventually } from './eventually.ts';

export class Home {
  readonly path: string;
  readonly experiments: string;

  private constructor(path: string) {
    this.path = path;
    this.experiments = join(path, 'nni-experiments');
  }

  static async make(): Promise<Home> {
    const home = new Home(await mkdtemp(join(tmpdir(), 'trialdeck-home-')));
    await mkdir(home.experiments);
    return home;
  }

  /**
   * The environment for everything started here: this home, no settings of a trial or of Python, and none of npm: NNI's manager
   * takes an npm script that is called `test` for its own unit tests, and then serves nothing
   * (ts/nni_manager/common/globals/unittest.ts). `python` comes first on the path.
   */
  environment(python?: string): Record<string, string> {
    const kept = Object.entries(process.env).filter(([name]) => !/^(NNI_|PYTHON|TRIALDECK_|npm_)/.test(name));
    const path = python ? `${dirname(python)}:${process.env.PATH}` : (process.env.PATH ?? '');
    return { ...Object.fromEntries(kept), HOME: this.path, PATH: path, PYTHONDONTWRITEBYTECODE: '1' };
  }

  async manifest(): Promise<Record<string, ManifestEntry>> {
    return JSON.parse(await readFile(join(this.experiments, '.experiment'), 'utf8'));
  }

  async lock(): Promise<ManagerLock> {
    return JSON.parse(await readFile(join(this.experiments, ...managerLockPath), 'utf8'));
  }

  /** Ends every process that was started with this home, managers, runners and trials, and removes the folder. */
  async dispose(): Promise<void> {
    const started = () => treeOf(-1, { HOME: this.path });
    await eventually('the end of what a test started', async () => {
      const pids = await started();
      signalAll(pids, 'SIGKILL');
      return pids.length === 0;
    });
    await this.remove();
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Resolves when the process with this id has ended; for processes that are not children of the test. */
export async function untilGone(pid: number, limitMs = 60_000): Promise<void> {
  await eventually(`the end of process ${pid}`, async () => !(await isSameProcess(pid, undefined)), limitMs);
}

/** Kills a process as a failing machine would, without cleanup. */
export async function killHard(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await untilGone(pid);
}
