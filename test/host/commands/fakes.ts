/** Commands run against a made-up store, with the answers a person would give to native dialogs. */
import { EventEmitter, type LogOutputChannel, window } from 'vscode';
import type { Experiment } from '../../../src/client/experiment.ts';
import type { ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import type { TrialRow } from '../../../src/model/trial/trial.ts';
import type { Services } from '../../../src/ui/commands/services.ts';
import { Labels } from '../../../src/ui/explorer/labels.ts';
import { summary, trial } from '../../fixtures/builders.ts';

export const reference = { connectionId: 'local', experimentId: 'exp1' };

/** The experiment that most commands are tried on: it runs, and some trials have ended. */
export function runningExperiment(change: Partial<ExperimentSummary> = {}): ExperimentSummary {
  const counts = { RUNNING: 2, SUCCEEDED: 10 };
  return summary({
    counts,
    maxTrialNumber: 50,
    maxExperimentDuration: 3600,
    execDuration: 100,
    durationAt: 0,
    ...change,
  });
}

/** One of its trials, `T0` for number 0. */
export function runningTrial(number: number, change: Partial<TrialRow> = {}): TrialRow {
  const { startTime: _start, endTime: _end, ...waiting } = trial(number);
  return { ...waiting, id: `T${number}`, status: 'RUNNING', parameters: { lr: 0.01 * (number + 1) }, ...change };
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
  /** What the client answers to what it is asked besides. */
  answers: ClientAnswers = {},
): World {
  const calls: Call[] = [];
  const changes = new EventEmitter<{ connections: Set<never>; experiments: Map<object, object> }>();
  const byId = new Map(
    trials.map((row) => [row.id, { row, intermediates: { text: [], sequence: [], timestamp: [] } }]),
  );
  const client = fakeClient(
    {
      // What commands ask before they act, which is not worth noting.
      writtenParameters: (id) => byId.get(String(id))?.row.parameters,
      trialJobInfos: () =>
        trials.map(({ id, parameters }) => ({
          trialJobId: id,
          hyperParameters: [JSON.stringify({ parameter_id: 0, parameters })],
        })),
    },
    { ...changingAnswers, ...answers },
    calls,
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
    client: () => client,
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

/** What a client answers, by its methods. */
type ClientAnswers = { [M in keyof Experiment]?: (...args: unknown[]) => unknown };

/** What commands change, and what a server answers to that. */
const changingAnswers: ClientAnswers = {
  addTrial: () => 12,
  importData: () => undefined,
  killTrialJob: () => undefined,
  stopExperiment: () => undefined,
  stopTensorBoard: () => undefined,
  stopTensorBoards: () => undefined,
  updateConcurrency: () => undefined,
  updateDuration: () => undefined,
  updateSearchspace: () => undefined,
  updateTrialnum: () => undefined,
};

/**
 * A client of one experiment.
 * @param quiet answers to calls that are not noted
 * @param noted answers to calls that are
 * @returns a client whose other methods reject: a command asked for something that its test does not know of
 */
function fakeClient(quiet: ClientAnswers, noted: ClientAnswers, calls: Call[]): object {
  const answerOf = (answers: ClientAnswers, name: string) => answers[name as keyof Experiment];
  return new Proxy(
    {},
    {
      get:
        (_target, name: string) =>
        async (...args: unknown[]) => {
          const quietly = answerOf(quiet, name);
          if (quietly) return quietly(...args);
          calls.push([name, ...args]);
          const give = answerOf(noted, name);
          if (!give) throw new Error(`The test has no answer of the client to ${name}().`);
          return give(...args);
        },
    },
  );
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
