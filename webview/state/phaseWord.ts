/** The word for an experiment's state in its chip. */
import type { ExperimentPhase } from '../../src/model/experiment/experimentPhase.ts';
import { phaseLooks } from '../../src/model/experiment/looks.ts';
import { t } from '../strings.ts';

export function phaseWord(phase: ExperimentPhase): string {
  const word = t(phaseLooks[phase].word);
  return word.charAt(0).toLocaleUpperCase() + word.slice(1);
}
