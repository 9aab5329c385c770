/** The parameters that trials ran with, with numbers as they were written. */

import { plainNumbers } from '../../model/json/writtenNumber.ts';
import type { Parameters, TrialRow } from '../../model/trial/trial.ts';
import { WrittenRecords } from '../../model/trial/writtenRecords.ts';
import type { Services } from './services.ts';
import type { ExperimentRef } from './target.ts';

/** In the order of the trials. Skips NNI's record where NNI gave the trial the parameters of another one. */
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
  // NNI recorded the right parameters for another trial.
  const records = new WrittenRecords(await client.trialJobInfos());
  return trials.map((row) => records.of(row));
}
