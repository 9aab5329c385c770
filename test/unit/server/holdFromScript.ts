/** What a program needs in order to run an experiment without a runner: opening, holding, storing, and NNI's manifest. */
import { silentLogger } from '../../../src/server/log.ts';
import { Journal } from '../../../src/server/storage/journal.ts';
import { readManifest } from '../../../src/server/storage/manifest.ts';
import { ManifestWriter, newManifestEntry } from '../../../src/server/storage/manifestWriter.ts';
import { createExperiment, holderMeta, resumeExperiment } from '../../../src/server/storage/openExperiment.ts';
import { applyBatch, storeBatch } from '../../../src/server/storage/storeBatch.ts';
import { runnerConfig } from '../../harness/runnerProcess.ts';

export async function holdFromScript(root: string, id: string) {
  const entry = (await readManifest(root))[id];
  const place = { root, id, entry };
  const held = entry ? await resumeExperiment(place, []) : await createExperiment(place, runnerConfig(root), []);
  const journal = new Journal({
    store: (batch) => storeBatch(held.database, batch),
    apply: (batch) => void applyBatch(held.state, batch),
  });
  const manifest = new ManifestWriter(root, id, entry, silentLogger);
  journal.write({ profile: held.profile, meta: holderMeta(held) });
  const started = { pid: process.pid, logDir: held.base, status: 'RUNNING', endTime: 'N/A' } as const;
  await manifest.write({ ...newManifestEntry(id, held.profile), ...started });
  return {
    state: held.state,
    storeTrial: (trialJobId: string, data: string) => {
      const timestamp = Date.now();
      const record = { parameter_id: 0, parameter_source: 'algorithm', parameters: { x: 1 }, parameter_index: 0 };
      const started = {
        timestamp,
        trialJobId,
        event: 'RUNNING',
        data: JSON.stringify(record),
        sequenceId: held.state.size,
      };
      const metric = {
        timestamp,
        trialJobId,
        parameterId: '0',
        type: 'FINAL',
        sequence: 0,
        data: JSON.stringify(data),
      } as const;
      journal.write({ events: [started], metrics: [metric] });
      journal.write({ events: [{ timestamp, trialJobId, event: 'SUCCEEDED' }] });
    },
    close: async () => {
      journal.dispose();
      await manifest.write({ status: 'STOPPED', endTime: Date.now() });
      held.database.close();
    },
  };
}
