/** An experiment's state in a word. */
import type { ExperimentPhase } from '../../src/model/experiment/experimentPhase.ts';
import { t } from '../strings.ts';

export function phaseWord(phase: ExperimentPhase): string {
  const words: Record<ExperimentPhase, string> = {
    starting: t('Starting'),
    running: t('Running'),
    stalled: t('Stalled'),
    finishing: t('Finishing'),
    done: t('Done'),
    failed: t('Failed'),
    stopping: t('Stopping'),
    stopped: t('Stopped'),
    crashed: t('Crashed'),
    viewed: t('Viewing'),
  };
  return words[phase];
}
