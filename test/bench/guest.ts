/** Measures how a window follows the real NNI's experiment of ten thousand trials, and what that costs NNI. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'esbuild';
import { execa } from 'execa';
import { nodeOptions } from '../../scripts/build.ts';
import { projectRoot } from '../../scripts/folders.ts';
import { freePort, Home } from '../harness/home.ts';
import { launchWithNnictl, type RealNni } from '../harness/realNni.ts';
import { Rest } from '../manager/wire/rest.ts';
import { type Account, countingProxy } from './countingProxy.ts';
import type { Stretch } from './guestProcess.ts';
import { storeLargeNniExperiment } from './largeNni.ts';

const id = 'large';
/** How long the window follows after reading all trials. */
const followSeconds = 120;

/** A period and the requests to NNI in it; `processor` is NNI's manager's share of one processor. */
export interface Watched extends Stretch {
  asked: Account;
  processor: number;
}

export interface Guest {
  /** NNI's manager's share of a processor without requests. */
  alone: number;
  /** Followed at NNI's address. */
  polled: { reading: Watched; following: Watched };
  /** Followed through Trialdeck's manager, which reads NNI's database. */
  watched: { reading: Watched; following: Watched };
}

export async function followLargeNni(nni: RealNni, managerScript: string): Promise<Guest> {
  const home = await Home.make();
  try {
    await storeLargeNniExperiment(home.path, id);
    const port = await freePort();
    await launchWithNnictl(nni, ['resume', id, '--port', String(port)], home.environment(nni.python));
    const pid = (await home.manifest())[id]?.pid;
    if (pid === undefined) throw new Error('nnictl left no manifest entry');
    const rest = new Rest(port);
    await rest.until(async () => (await rest.get<unknown[]>('/trial-jobs?status=RUNNING')).length === 2);
    const before = await processorTime(pid);
    await delay(20_000);
    const alone = ((await processorTime(pid)) - before) / 20_000;

    // Use a bundle, as the extension does: loading the code is part of the work.
    const script = join(home.path, 'guest.cjs');
    await build({ ...nodeOptions, entryPoints: [join(projectRoot, 'test/bench/guestProcess.ts')], outfile: script });
    const proxy = await countingProxy(port);
    const follow = async (...address: string[]) => {
      const args = [script, home.experiments, managerScript, id, String(followSeconds), ...address];
      let [began, spent] = [performance.now(), await processorTime(pid)];
      proxy.account();
      const window = execa(process.execPath, args, { env: home.environment(), extendEnv: false, buffer: false });
      const failed = readAll(window.stderr);
      const stretches: Watched[] = [];
      for await (const line of createInterface({ input: window.stdout })) {
        const [now, spentNow] = [performance.now(), await processorTime(pid)];
        const processor = (spentNow - spent) / (now - began);
        [began, spent] = [now, spentNow];
        stretches.push({ ...(JSON.parse(line) as Stretch), asked: proxy.account(), processor });
      }
      await window.catch(async (error: unknown) => {
        throw new Error(`The window ended early: ${await failed}`, { cause: error });
      });
      const [reading, following] = stretches;
      if (!reading || !following) throw new Error('The window said too little.');
      return { reading, following };
    };
    try {
      const polled = await follow(`http://127.0.0.1:${proxy.port}`);
      const watched = await follow();
      return { alone, polled, watched };
    } finally {
      proxy.close();
    }
  } finally {
    await home.dispose();
  }
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

/** Processor time of a process in milliseconds. */
async function processorTime(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
  // The kernel counts in ticks, on Linux a hundredth of a second.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
