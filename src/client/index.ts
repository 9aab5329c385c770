/** The shared client: everything the extension and the command line need to speak with managers, runners and a real NNI. */
export {
  type Endpoint,
  EndpointError,
  type EndpointFault,
  type EndpointOptions,
  identifyEndpoint,
} from './endpoint.ts';
export * from './errors.ts';
export {
  Experiment,
  type ExperimentOptions,
  type RequestOptions,
  type StartOptions,
  type WaitOptions,
} from './experiment.ts';
export type { FileText } from './fileEnd.ts';
export {
  type ExperimentFollower,
  type FollowOptions,
  followExperiment,
  followManager,
  followSummary,
  type ManagerFollower,
  type SummaryFollower,
} from './follow.ts';
export { connectLocalManager, type LocalManagerOptions, managerLockFile, managerLogFile } from './localManager.ts';
export { ManagerClient } from './manager.ts';
export { type FindNnictlOptions, Nnictl, type NnictlLaunched, type NnictlOptions } from './nnictl.ts';
export { nodeEnvironment, nodeForProcesses } from './nodeProgram.ts';
export type { FollowState } from './persist.ts';
export {
  type Attention,
  ExperimentPoll,
  type PollFollower,
  type PollOptions,
  pollExperiment,
} from './pollExperiment.ts';
export { TrialHyperParameters, TrialJob, TrialMetricData, TrialResult } from './trialRecords.ts';
