/** The trials that NNI stopped itself although its record says USER_CANCELED, with the reasons in a few words for a person. */
import type { ExperimentConfig } from '../config/config.ts';
import { assessorStops, durationStops } from './nniLogs.ts';

/** The parts of a config that make NNI stop trials early. */
type Stoppers = Partial<Pick<ExperimentConfig, 'assessor' | 'maxTrialDuration'>>;

/** Whether NNI stops trials early at all. */
export function stopsEarly({ assessor, maxTrialDuration }: Stoppers): boolean {
  return Boolean(assessor) || maxTrialDuration !== undefined;
}

/** @returns the reasons by the trials' ids */
export function earlyStops(managerLog: string, { assessor, maxTrialDuration }: Stoppers): Map<string, string> {
  const reasons = new Map<string, string>();
  const name = assessor?.name ?? assessor?.className ?? 'the assessor';
  for (const id of assessorStops(managerLog)) reasons.set(id, `stopped early by ${name}`);
  for (const id of durationStops(managerLog)) reasons.set(id, `ran longer than maxTrialDuration (${maxTrialDuration})`);
  return reasons;
}
