/** What trials ran with, with numbers as they were written. */

import { plainNumbers } from '../../model/json/writtenNumber.ts';
import type { Parameters, TrialRow } from '../../model/trial/trial.ts';
import { WrittenRecords } from '../../model/trial/writtenRecords.ts';
import type { Services } from './services.ts';
import type { ExperimentRef } from './target.ts';

/** In the order of the trials. What NNI has on record is not taken where the trial ran with something else. */
export async function ranWith(
  { store }: Services,
  { connectionId, experimentId }: ExperimentRef,
  trials: readonly TrialRow[],
): Promise<Parameters[]> {
  const client = store.client(connectionId, experimentId);
  const [only, another] = trials;
  if (only && !another) {
    const written = await client.writtenParameters(only.id);
    if (JSON.stringify(plainNumbers(written)) === JSON.stringify(only.parameters)) return [written];
  }
  // The right ones are on record for another trial.
  const records = new WrittenRecords(await client.trialJobInfos());
  return trials.map((row) => records.of(row));
}
