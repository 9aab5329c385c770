/** Schemas of what our own routes of one experiment answer: summary, snapshot and changes. */
import * as v from 'valibot';
import { type ActionStates, actionRefusals, experimentActions } from '../../model/experiment/actions.ts';
import { completeActions, type ServedSummary } from '../../model/experiment/computeActions.ts';
import {
  type ExperimentChange,
  type ExperimentSnapshot,
  experimentStatuses,
  type SnapshotPart,
} from '../../model/experiment/experiment.ts';
import type { MetricPoint } from '../../model/trial/metric.ts';
import { type TrialRow, type TrialStatus, trialStatuses } from '../../model/trial/trial.ts';
import { metricColumnsSchema } from './metricColumns.ts';
import { experimentParams, metricType, parameterSource, parameters, trialStatus } from './nni.ts';
import { exactly, id, integer, isRecord, listOf, maybe, present, texts } from './schema.ts';

const counts = v.fallback(
  v.pipe(
    v.custom<Record<string, unknown>>(isRecord),
    v.transform((value) => {
      const known: Partial<Record<TrialStatus, number>> = {};
      for (const status of trialStatuses) {
        const count = value[status];
        if (typeof count === 'number') known[status] = count;
      }
      return known;
    }),
  ),
  {},
);

/** A newer server may have more actions, and refuse them for other reasons. */
const actions = v.pipe(
  v.custom<Record<string, unknown>>(isRecord),
  v.transform((value) => {
    const known: ActionStates = {};
    for (const action of experimentActions) {
      const state = value[action];
      if (state === true) known[action] = true;
      else if (state !== undefined)
        known[action] = actionRefusals.find((refusal) => refusal === state) ?? 'unsupported';
    }
    return known;
  }),
);

const servedSummary = exactly<ServedSummary>()(
  present(
    v.object({
      id,
      name: v.string(),
      type: v.fallback(v.picklist(['hpo', 'nas']), 'hpo'),
      status: v.picklist(experimentStatuses),
      live: v.boolean(),
      engine: v.fallback(v.string(), 'trialdeck'),
      errors: texts,
      platform: v.fallback(v.string(), ''),
      tuner: v.fallback(v.string(), ''),
      assessor: maybe(v.string()),
      optimizeMode: v.fallback(v.picklist(['maximize', 'minimize']), 'maximize'),
      startTime: maybe(v.number()),
      endTime: maybe(v.number()),
      execDuration: v.fallback(v.number(), 0),
      durationAt: v.fallback(v.number(), 0),
      trialConcurrency: v.fallback(v.number(), 0),
      maxTrialNumber: maybe(v.number()),
      maxExperimentDuration: maybe(v.number()),
      counts,
      best: maybe(v.object({ trialId: id, trialNumber: v.number(), value: v.number(), time: v.number() })),
      directory: v.fallback(v.string(), ''),
      configFile: maybe(v.string()),
      port: maybe(v.number()),
      pid: maybe(v.number()),
      urlPrefix: maybe(v.string()),
      standalone: maybe(v.literal(true)),
      sdk: maybe(v.object({ kind: v.picklist(['bundled', 'installed']), version: v.string(), python: v.string() })),
      actions: maybe(actions),
    }),
  ),
);

export const summarySchema = v.pipe(servedSummary, v.transform(completeActions));

export const trialRowSchema = exactly<TrialRow>()(
  present(
    v.object({
      id,
      number: v.fallback(integer, -1),
      status: trialStatus,
      parameters: v.fallback(parameters, {}),
      recordedParameters: maybe(parameters),
      parameterId: v.fallback(v.nullable(v.string()), null),
      source: parameterSource,
      startTime: maybe(v.number()),
      endTime: maybe(v.number()),
      message: maybe(v.string()),
      final: maybe(v.string()),
      latest: maybe(v.object({ sequence: v.number(), data: v.string() })),
      intermediates: v.fallback(integer, 0),
    }),
  ),
);

const metricPointSchema = exactly<MetricPoint>()(
  v.object({ trialId: id, type: metricType, sequence: v.number(), timestamp: v.number(), data: v.string() }),
);

export const changeSchema = exactly<ExperimentChange>()(
  present(
    v.object({
      revision: integer,
      summary: maybe(summarySchema),
      config: maybe(experimentParams),
      trials: maybe(listOf(trialRowSchema)),
      metrics: maybe(listOf(metricPointSchema)),
      removedTrials: maybe(v.array(v.string())),
    }),
  ),
);

export const snapshotSchema = exactly<ExperimentSnapshot>()(
  v.object({
    session: v.string(),
    revision: integer,
    summary: summarySchema,
    config: v.pipe(v.fallback(v.custom<Record<string, unknown>>(isRecord), {}), experimentParams),
    trials: listOf(trialRowSchema),
    metrics: metricColumnsSchema,
  }),
);

export const snapshotPartSchema = exactly<SnapshotPart>()(
  present(v.object({ trials: maybe(listOf(trialRowSchema)), metrics: maybe(metricColumnsSchema) })),
);
