/** Commands run against a made-up store, with the answers a person would give to native dialogs. */
import { EventEmitter, type LogOutputChannel, window } from 'vscode';
import { withActions } from '../../../src/model/experiment/computeActions.ts';
import type { ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import type { TrialRow } from '../../../src/model/trial/trial.ts';
import type { Services } from '../../../src/ui/commands/services.ts';
import { Labels } from '../../../src/ui/explorer/labels.ts';

export const reference = { connectionId: 'local', experimentId: 'exp1' };

export function summary(change: Partial<ExperimentSummary> = {}): ExperimentSummary {
  return withActions({
    id: 'exp1',
    name: 'spirals',
    type: 'hpo',
    status: 'RUNNING',
    live: true,
    engine: 'trialdeck',
    errors: [],
    platform: 'local',
    tuner: 'TPE',
    optimizeMode: 'maximize',
    execDuration: 100,
    durationAt: 0,
    trialConcurrency: 2,
    maxTrialNumber: 50,
    maxExperimentDuration: 3600,
    counts: { RUNNING: 2, SUCCEEDED: 10 },
    directory: '/experiments/exp1',
    ...change,
  });
}

export function trial(number: number, change: Partial<TrialRow> = {}): TrialRow {
  return {
    id: `T${number}`,
    number,
    status: 'RUNNING',
    parameters: { lr: 0.01 * (number + 1) },
    parameterId: String(number),
    source: 'algorithm',
    intermediates: 0,
    ...change,
  };
}

/** Calls in order: `['updateConcurrency', 4]`. */
export type Call = [name: string, ...args: unknown[]];

export interface World {
  services: Services;
  calls: Call[];
  /** Fires the store's change event for the experiment. */
  changed(): void;
}

/** A store with one experiment whose client notes what it is asked. `services` is only as real as the commands need. */
export function world(
  experiment: ExperimentSummary,
  trials: TrialRow[] = [],
  /** What the client answers, by method; anything else with a made-up trial. */
  answers: Record<string, () => unknown> = {},
): World {
  const calls: Call[] = [];
  const changes = new EventEmitter<{ connections: Set<never>; experiments: Map<object, object> }>();
  const note = new Proxy(
    {},
    {
      get: (_target, name: string) => {
        if (name === 'writtenParameters') return async (id: string) => byId.get(id)?.row.parameters;
        if (name === 'trialJobInfos') {
          return async () =>
            trials.map(({ id, parameters }) => ({
              trialJobId: id,
              hyperParameters: [JSON.stringify({ parameter_id: 0, parameters })],
            }));
        }
        return async (...args: unknown[]) => {
          calls.push([name, ...args]);
          return answers[name] ? answers[name]() : { sequenceId: 12 };
        };
      },
    },
  );
  const byId = new Map(
    trials.map((row) => [row.id, { row, intermediates: { text: [], sequence: [], timestamp: [] } }]),
  );
  const model = {
    connectionId: 'local',
    id: experiment.id,
    summary: experiment,
    trials: byId,
    loaded: () => Promise.resolve(),
    config: { searchSpace: { lr: { _type: 'uniform', _value: [0, 1] } } },
  };
  const store = {
    local: { id: 'local' },
    connections: [{ id: 'local', label: 'This machine', experiments: [experiment], retry: () => Promise.resolve() }],
    connection: () => store.connections[0],
    experiment: (_connection: string, id: string) => (id === experiment.id ? model : undefined),
    summary: (_connection: string, id: string) => (id === experiment.id ? experiment : undefined),
    trials: () => Promise.resolve(trials),
    client: () => note,
    stop: async () => void calls.push(['stopExperiment']),
    delete: async (...args: unknown[]) => void calls.push(['delete', ...args]),
    show: () => Promise.resolve(),
    onDidChange: changes.event,
    launch: (request: unknown) => {
      calls.push(['launch', request]);
      return Promise.resolve(reference);
    },
  };
  const noted =
    (name: string) =>
    (...args: unknown[]) => {
      calls.push([name, ...args]);
      return Promise.resolve();
    };
  const services = {
    store,
    panels: { active: undefined, open: noted('openPanel'), show: noted('showPanel'), close: noted('closePanel') },
    explorer: { selection: [], reveal: noted('reveal') },
    settings: { configFiles: () => [], codeLens: () => true },
    log: { info() {}, error() {} } as unknown as LogOutputChannel,
    labels: new Labels((text) => text, 'en'),
  };
  return {
    // The commands see the part of each service they use.
    services: services as unknown as Services,
    calls,
    changed: () => changes.fire({ connections: new Set(), experiments: new Map([[model, {}]]) }),
  };
}

type Dialog =
  | 'showWarningMessage'
  | 'showInformationMessage'
  | 'showErrorMessage'
  | 'showInputBox'
  | 'showQuickPick'
  | 'showSaveDialog'
  | 'showOpenDialog'
  | 'withProgress';

/** Answers native dialogs for one test; what was asked is kept in the result. */
export function answer(answers: Partial<Record<Dialog, (...args: never[]) => unknown>>): {
  asked: Call[];
  restore(): void;
} {
  const asked: Call[] = [];
  const target = window as unknown as Record<string, unknown>;
  const before = new Map<string, unknown>();
  for (const [name, give] of Object.entries(answers)) {
    before.set(name, target[name]);
    target[name] = async (...args: unknown[]) => {
      asked.push([name, ...args]);
      return (give as (...given: unknown[]) => unknown)(...args);
    };
  }
  return {
    asked,
    restore() {
      for (const [name, original] of before) target[name] = original;
    },
  };
}
