/** Icons and colours of states, as VS Code draws them in the tree and above a config. */
import { type ExperimentPhase, phaseShapes } from '../../model/experiment/experimentPhase.ts';
import type { SeenStatus } from '../../model/trial/trial.ts';

export interface Shape {
  icon: string;
  color: string;
}

/** Each state has a shape of its own as well as a colour. */
export const trialShapes: Readonly<Record<SeenStatus, Shape>> = {
  UNKNOWN: { icon: 'question', color: 'trialdeck.waiting' },
  WAITING: { icon: 'circle-large-outline', color: 'trialdeck.waiting' },
  RUNNING: { icon: 'loading~spin', color: 'trialdeck.running' },
  SUCCEEDED: { icon: 'pass-filled', color: 'trialdeck.succeeded' },
  FAILED: { icon: 'error', color: 'trialdeck.failed' },
  USER_CANCELED: { icon: 'circle-slash', color: 'trialdeck.cancelled' },
  EARLY_STOPPED: { icon: 'triangle-up', color: 'trialdeck.stoppedEarly' },
  SYS_CANCELED: { icon: 'circle-slash', color: 'trialdeck.cancelled' },
  NOT_ENDED: { icon: 'stop-circle', color: 'trialdeck.waiting' },
};

/** Codicon and colour of a phase as VS Code draws them, in the tree and above a config. */
export function phaseShape(phase: ExperimentPhase): Shape {
  const { icon, tone } = phaseShapes[phase];
  return { icon: icon === 'loading' ? 'loading~spin' : icon, color: `trialdeck.${tone}` };
}

/** What turned has another shape: whether it still does is not known, and a spinner that stands looks broken. */
export function withoutSpin(shape: Shape): Shape {
  return shape.icon.endsWith('~spin') ? trialShapes.UNKNOWN : shape;
}
