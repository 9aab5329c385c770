/** Measures the processor time of listing one large stored NNI experiment, as a manager does at its start. */
import { join } from 'node:path';
import { NniFolder } from '../../src/manager/providers/nniFolder/nniFolder.ts';
import { silentLogger } from '../../src/server/log.ts';
import { storeLargeNniExperiment } from './largeNni.ts';

export interface ListingFigures {
  /** Milliseconds of processor time. */
  firstMs: number;
  laterMs: number;
}

/** @param home an empty folder */
export async function measureListing(home: string): Promise<ListingFigures> {
  await storeLargeNniExperiment(home, 'large123');
  const root = join(home, 'nni-experiments');
  const list = async () => {
    const folder = new NniFolder({ root, runnerScript: '', version: 'bench', log: silentLogger });
    const before = process.cpuUsage();
    try {
      await folder.open();
      if (folder.summary('large123')?.best === undefined) throw new Error('The experiment is not listed.');
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    } finally {
      folder.dispose();
    }
  };
  const firstMs = await list();
  // The second start also compiles the reader of the cached facts.
  await list();
  return { firstMs, laterMs: await list() };
}
