/** The parameters of trials with numbers as they were written, from the records of their server. */

import { plainNumbers } from '../json/writtenNumber.ts';
import { parseWrittenRecord } from './parameterRecord.ts';
import type { Parameters, TrialJobInfo, TrialRow } from './trial.ts';

/** Rows have plain numbers and the parameters that the trial ran with. NNI's record may be that of another trial. */
export class WrittenRecords {
  readonly #byTrial = new Map<string, Parameters>();
  readonly #byValue = new Map<string, Parameters>();

  /** @param jobs all trials of the experiment, as NNI sends them */
  constructor(jobs: readonly Pick<TrialJobInfo, 'trialJobId' | 'hyperParameters'>[]) {
    for (const { trialJobId, hyperParameters } of jobs) {
      const parameters = parseWrittenRecord(hyperParameters.at(-1) ?? '')?.parameters;
      if (!parameters) continue;
      this.#byTrial.set(trialJobId, parameters);
      this.#byValue.set(valueKey(parameters), parameters);
    }
  }

  /** The parameters that the trial ran with; the row's own where no record fits. */
  of(row: Pick<TrialRow, 'id' | 'parameters'>): Parameters {
    const wanted = valueKey(row.parameters);
    const own = this.#byTrial.get(row.id);
    if (own && valueKey(own) === wanted) return own;
    return this.#byValue.get(wanted) ?? row.parameters;
  }
}

function valueKey(parameters: Parameters): string {
  return JSON.stringify(plainNumbers(parameters));
}
