/** Icons and colours of states, as VS Code draws them in the tree and above a config. */
import type { ExperimentPhase } from '../../model/experiment/experimentPhase.ts';
import { type Look, phaseLooks, trialLooks } from '../../model/experiment/looks.ts';
import type { SeenStatus } from '../../model/trial/trial.ts';

export interface Shape {
  icon: string;
  color: string;
}

/** Codicon and colour of a state as VS Code draws them, in the tree and above a config. */
function shapeOf({ icon, tone }: Look): Shape {
  return { icon: icon === 'loading' ? 'loading~spin' : icon, color: `trialdeck.${tone}` };
}

export function phaseShape(phase: ExperimentPhase): Shape {
  return shapeOf(phaseLooks[phase]);
}

export function trialShape(status: SeenStatus): Shape {
  return shapeOf(trialLooks[status]);
}

/** What turned has another shape: whether it still does is not known, and a spinner that stands looks broken. */
export function withoutSpin(shape: Shape): Shape {
  return shape.icon.endsWith('~spin') ? trialShape('UNKNOWN') : shape;
}
