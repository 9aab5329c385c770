/**
 * The shared client of managers, runners and a real NNI: for the extension, the command line and other people's programs. Also the
 * package's library entry.
 */

export type { ConfigProblem } from '../model/config/config.ts';
export type { Backend, BackendChoice, BackendSetting } from '../model/experiment/backend.ts';
export type {
  ExperimentChange,
  ExperimentProfile,
  ExperimentSnapshot,
  ExperimentStatus,
  ExperimentSummary,
  ManifestEntry,
} from '../model/experiment/experiment.ts';
export type { RunnerAccess } from '../model/experiment/runnerAccess.ts';
export type { TensorBoardTask } from '../model/experiment/tensorBoard.ts';
export type { SearchSpace } from '../model/space/searchSpace.ts';
export type {
  MetricDataRecord,
  MetricType,
  Parameters,
  TrialJobInfo,
  TrialRow,
  TrialStatus,
} from '../model/trial/trial.ts';
export type { LaunchRequest } from '../wire/routes.ts';
export type { Launched, ManagerChange, ManagerInfo } from '../wire/schemas/manager.ts';
export { ExperimentApi } from './api.ts';
export type { WaitOptions } from './completion.ts';
export {
  type Endpoint,
  type EndpointOptions,
  identifyEndpoint,
} from './endpoint.ts';
export * from './errors.ts';
export { Experiment } from './experiment.ts';
export type { FileText } from './fileEnd.ts';
export {
  type ExperimentFollower,
  type FollowOptions,
  followExperiment,
  followManager,
  followSummary,
  type ManagerFollower,
  type SummaryFollower,
} from './follow/follow.ts';
export type { FollowState } from './follow/persist.ts';
export {
  type Attention,
  ExperimentPoll,
  type PollFollower,
  type PollOptions,
  pollExperiment,
} from './follow/pollExperiment.ts';
export type { RequestOptions } from './http.ts';
export type { ExperimentOptions, StartOptions } from './launching.ts';
export { connectLocalManager, type LocalManagerOptions, managerLockFile, managerLogFile } from './localManager.ts';
export { ManagerClient } from './manager.ts';
export { type FindNnictlOptions, Nnictl, type NnictlLaunched, type NnictlOptions } from './nnictl/nnictl.ts';
export { nodeEnvironment, nodeForProcesses } from './nodeProgram.ts';
export { TrialHyperParameters, TrialJob, TrialMetricData, TrialResult } from './trialRecords.ts';
