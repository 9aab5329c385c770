/** Experiments to show: made by a seeded generator, so that every run and every picture is the same. */
import { withActions } from '../../../src/model/experiment/computeActions.ts';
import type { ExperimentSnapshot, ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import type { MetricColumns } from '../../../src/model/trial/metric.ts';
import type { TrialRow, TrialStatus } from '../../../src/model/trial/trial.ts';

export interface MakeOptions {
  trials: number;
  /** How many of the last ones run. */
  running?: number;
  steps?: number;
  nested?: boolean;
  /** Results are dicts with several keys. */
  dict?: boolean;
  /** Every so many trials one reports NaN. */
  nanEvery?: number;
  failEvery?: number;
  minimize?: boolean;
  summary?: Partial<ExperimentSummary>;
  /** Milliseconds at which everything is. */
  now?: number;
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  };
}

export function makeExperiment(options: MakeOptions): ExperimentSnapshot {
  const { trials: count, running = 0, steps = 30, nested = false, dict = false } = options;
  const random = generator(7);
  const now = options.now ?? Date.now();
  const seconds = count * 2.9 + 2;
  const start = now - seconds * 1000;
  const trials: TrialRow[] = [];
  const metrics: MetricColumns = { trialIds: [], trial: [], type: [], sequence: [], timestamp: [], data: [] };
  let best: ExperimentSummary['best'];
  for (let index = 0; index < count; index++) {
    const live = index >= count - running;
    let status: TrialStatus = live ? 'RUNNING' : 'SUCCEEDED';
    const dice = random();
    if (!live && options.failEvery && index % options.failEvery === options.failEvery - 2) status = 'FAILED';
    else if (!live && dice < 0.08) status = 'EARLY_STOPPED';
    else if (!live && dice > 0.985) status = 'USER_CANCELED';
    const quality = 0.55 + 0.4 * (1 - Math.exp(-index / 22)) + (random() - 0.62) * 0.2;
    const accuracy = Math.min(0.9731, Math.max(0.35, quality));
    const value = options.minimize ? (1 - accuracy) * 3 : accuracy;
    const id = `t${index.toString(36).padStart(4, '0')}`;
    const begin = start + index * 2900;
    const length = 2 + random() * 3;
    const row: TrialRow = {
      id,
      number: index,
      status,
      parameters: parametersOf(random, nested),
      parameterId: String(index),
      source: index === 12 ? 'customized' : 'algorithm',
      startTime: begin,
      intermediates: 0,
    };
    let reported = steps;
    if (status === 'FAILED') reported = index % 4 === 0 ? 0 : Math.floor(steps / 3);
    else if (status === 'EARLY_STOPPED') reported = Math.floor(steps * 0.4);
    else if (live) reported = Math.max(1, Math.floor(steps * (0.3 + 0.3 * random())));
    const column = metrics.trialIds.push(id) - 1;
    const low = options.minimize ? 3 : 0.35;
    for (let step = 0; step < reported; step++) {
      const progress = 1 - Math.exp((-step * 30) / steps / (5 + (index % 5)));
      const current = low + (value - low) * progress + (random() - 0.5) * 0.02;
      const nan = options.nanEvery !== undefined && index % options.nanEvery === 3 && step % 9 === 5;
      const text = metricText(nan ? Number.NaN : current, dict);
      metrics.trial.push(column);
      metrics.type.push('P');
      metrics.sequence.push(step);
      metrics.timestamp.push(begin + step * 50);
      metrics.data.push(text);
      row.intermediates++;
      row.latest = { sequence: step, data: text };
    }
    if (!live) row.endTime = begin + length * 1000;
    if (status === 'SUCCEEDED') {
      const nan = options.nanEvery !== undefined && index % options.nanEvery === 3;
      const final = nan ? Number.NaN : value;
      row.final = metricText(final, dict);
      const better = best === undefined || (options.minimize ? final < best.value : final > best.value);
      if (!nan && better) best = { trialId: id, trialNumber: index, value: final, time: row.endTime ?? now };
    }
    if (status === 'FAILED')
      row.message = index % 2 === 0 ? 'exit code 1: ValueError: loss diverged' : 'exit code 137: killed';
    trials.push(row);
  }
  const counts: ExperimentSummary['counts'] = {};
  for (const row of trials) counts[row.status] = (counts[row.status] ?? 0) + 1;
  const searchSpace = nested ? nestedSpace : flatSpace;
  return {
    session: 's1',
    revision: 1,
    summary: withActions({
      id: 'q7hk2m0x',
      name: 'spirals',
      type: 'hpo',
      status: running > 0 || count === 0 ? 'RUNNING' : 'DONE',
      live: true,
      engine: 'trialdeck',
      errors: [],
      platform: 'local',
      tuner: 'TPE',
      assessor: 'Medianstop',
      optimizeMode: options.minimize ? 'minimize' : 'maximize',
      startTime: start,
      execDuration: seconds,
      durationAt: now,
      trialConcurrency: 2,
      maxTrialNumber: Math.max(10, Math.ceil((count * 1.5) / 10) * 10),
      maxExperimentDuration: Math.ceil((seconds * 2.5) / 600) * 600,
      counts,
      ...(best ? { best } : {}),
      directory: '/home/me/nni-experiments/q7hk2m0x',
      configFile: '/home/me/spirals/config.yml',
      sdk: { kind: 'bundled', version: '3.0', python: 'Python 3.11.7 (.venv/bin/python3)' },
      ...options.summary,
    }),
    config: {
      experimentName: 'spirals',
      experimentType: 'hpo',
      searchSpace,
      trialCommand: 'python3 trial.py',
      trialCodeDirectory: '/home/me/spirals',
      trialConcurrency: 2,
      maxTrialNumber: 100,
      maxExperimentDuration: '10m',
      useAnnotation: false,
      debug: false,
      logLevel: 'info',
      experimentWorkingDirectory: '/home/me/nni-experiments',
      tuner: { name: 'TPE', classArgs: { optimize_mode: 'maximize', seed: 7, tpe_args: { n_startup_jobs: 20 } } },
      assessor: { name: 'Medianstop', classArgs: { start_step: 5 } },
      trainingService: { platform: 'local', trialCommand: 'python3 trial.py', trialCodeDirectory: '/home/me/spirals' },
    },
    trials,
    metrics,
  };
}

/** As Python writes it. */
function metricText(value: number, dict: boolean): string {
  const text = Number.isNaN(value) ? 'NaN' : String(value);
  if (!dict) return text;
  const loss = Number.isNaN(value) ? 'NaN' : String(Math.max(0.01, (1 - value) * 2.3));
  return `{"default": ${text}, "loss": ${loss}, "f1": ${Number.isNaN(value) ? 'NaN' : String(value * 0.98)}}`;
}

const flatSpace = {
  learning_rate: { _type: 'loguniform', _value: [0.001, 1] },
  momentum: { _type: 'uniform', _value: [0, 0.95] },
  hidden_units: { _type: 'randint', _value: [4, 41] },
  activation: { _type: 'choice', _value: ['tanh', 'relu', 'sigmoid'] },
  batch_size: { _type: 'choice', _value: [4, 16, 64] },
} as const;

const nestedSpace = {
  learning_rate: { _type: 'loguniform', _value: [0.0001, 0.1] },
  layer0: {
    _type: 'choice',
    _value: [
      { _name: 'Empty' },
      {
        _name: 'Conv',
        kernel_size: { _type: 'choice', _value: [1, 2, 3, 5] },
        activation: { _type: 'choice', _value: ['relu', 'tanh'] },
      },
      { _name: 'Max_pool', pooling_size: { _type: 'quniform', _value: [2, 10, 2] } },
    ],
  },
  optimizer: { _type: 'choice', _value: ['sgd', 'adam'] },
  weight_decay: { _type: 'normal', _value: [0, 0.01] },
} as const;

function parametersOf(random: () => number, nested: boolean): TrialRow['parameters'] {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  if (nested) {
    const layer = pick(['Empty', 'Conv', 'Max_pool'] as const);
    const layers = {
      Empty: { _name: 'Empty' },
      Conv: { _name: 'Conv', kernel_size: pick([1, 2, 3, 5]), activation: pick(['relu', 'tanh']) },
      Max_pool: { _name: 'Max_pool', pooling_size: pick([2, 4, 6, 8, 10]) },
    };
    return {
      learning_rate: 10 ** (-4 + 3 * random()),
      layer0: layers[layer],
      optimizer: pick(['sgd', 'adam']),
      weight_decay: (random() - 0.5) * 0.04,
    };
  }
  return {
    learning_rate: 10 ** (-3 + 3 * random()),
    momentum: 0.95 * random(),
    hidden_units: 4 + Math.floor(random() * 37),
    activation: pick(['tanh', 'relu', 'sigmoid']),
    batch_size: pick([4, 16, 64]),
  };
}

export const trialLog = `[2026-11-22 12:44:01] spirals: 200 points, 32 hidden units, relu
epoch  1  loss 0.6931  accuracy 0.5120
epoch  2  loss 0.6120  accuracy 0.6480
epoch  3  loss 0.5532  accuracy 0.7015
epoch  4  loss 0.4987  accuracy 0.7502
epoch  5  loss 0.4410  accuracy 0.8011
epoch  6  loss 0.3920  accuracy 0.8240
epoch  7  loss 0.3544  accuracy 0.8466
epoch  8  loss 0.3301  accuracy 0.8610
epoch  9  loss 0.3105  accuracy 0.8733
epoch 10  loss 0.2987  accuracy 0.8801
`;
