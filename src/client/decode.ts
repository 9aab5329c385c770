/**
 * Wire data as it should be, out of wire data as it comes. Only what makes a record what it is must be right; anything else that is wrong
 * is left out, and one bad record never hides the others.
 */
import * as v from 'valibot';
import type { ConfigProblem } from '../model/config/config.ts';
import { type ActionStates, actionRefusals, experimentActions } from '../model/experiment/actions.ts';
import { completeActions, type ServedSummary } from '../model/experiment/computeActions.ts';
import {
  type ExperimentChange,
  type ExperimentProfile,
  type ExperimentSnapshot,
  type ExperimentSummary,
  experimentStatuses,
  type ManifestEntry,
  type SnapshotPart,
} from '../model/experiment/experiment.ts';
import type { TensorBoardTask } from '../model/experiment/tensorBoard.ts';
import type { MetricColumns, MetricPoint } from '../model/trial/metric.ts';
import {
  type MetricDataRecord,
  type ParameterRecord,
  type Parameters,
  type TrialJobInfo,
  type TrialRow,
  type TrialStatus,
  trialStatuses,
} from '../model/trial/trial.ts';
import type { Launched, ManagerInfo, ManagerLock } from '../wire/routes.ts';

export type Schema<T> = v.GenericSchema<unknown, T>;

/** The value, or undefined when it does not fit. */
export function parse<T>(schema: Schema<T>, value: unknown): T | undefined {
  const result = v.safeParse(schema, value);
  return result.success ? result.output : undefined;
}

/** The records that fit, of a list in which some may not. Undefined when it is no list. */
export function parseList<T>(schema: Schema<T>, value: unknown): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const records: T[] = [];
  for (const entry of value) {
    const record = parse(schema, entry);
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** Something there may be; a wrong one counts as none. */
function maybe<T>(schema: Schema<T>) {
  return v.fallback(v.optional(schema), undefined);
}

/** Keys that are undefined are taken out, so that absent means absent. */
function record<T extends object>(schema: v.GenericSchema<unknown, unknown>): Schema<T> {
  return v.pipe(
    schema,
    v.transform((value) => {
      const entries = Object.entries(value as object).filter(([, entry]) => entry !== undefined);
      return Object.fromEntries(entries) as T;
    }),
  ) as Schema<T>;
}

const id = v.pipe(v.string(), v.minLength(1));
const integer = v.pipe(v.number(), v.integer());
const texts = v.fallback(v.array(v.string()), []);
const trialStatus: Schema<TrialStatus> = v.fallback(v.picklist(trialStatuses), 'UNKNOWN');
const parameters: Schema<Parameters> = v.fallback(v.record(v.string(), v.unknown()), {});
const parameterSource = v.fallback(v.picklist(['algorithm', 'customized', 'resumed']), 'algorithm');

/** JSON text as NNI sends values; the text of what comes as a value. */
const jsonText = v.union([
  v.string(),
  v.pipe(
    v.unknown(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      try {
        return JSON.stringify(dataset.value ?? null);
      } catch {
        addIssue({ message: 'It is nested too deep.' });
        return NEVER;
      }
    }),
  ),
]);

const metricData = v.object({
  timestamp: v.fallback(v.number(), 0),
  trialJobId: id,
  parameterId: v.fallback(v.nullable(v.union([v.string(), v.pipe(v.number(), v.transform(String))])), null),
  type: v.picklist(['PERIODICAL', 'FINAL']),
  sequence: v.fallback(integer, 0),
  data: jsonText,
});
export const metricDataSchema = metricData as Schema<MetricDataRecord>;

export const trialJobSchema: Schema<TrialJobInfo> = record(
  v.looseObject({
    trialJobId: id,
    status: trialStatus,
    hyperParameters: texts,
    startTime: maybe(v.number()),
    endTime: maybe(v.number()),
    logPath: maybe(v.string()),
    sequenceId: maybe(integer),
    envId: maybe(v.string()),
    message: maybe(v.string()),
    stderrPath: maybe(v.string()),
    finalMetricData: maybe(
      v.pipe(
        v.array(v.unknown()),
        v.transform((rows) => parseList(metricDataSchema, rows) ?? []),
      ),
    ),
  }),
);

export const parameterRecordSchema: Schema<ParameterRecord> = record(
  v.looseObject({
    parameter_id: v.fallback(v.nullable(v.union([v.number(), v.string()])), null),
    parameter_source: parameterSource,
    parameters,
    parameter_index: v.fallback(integer, 0),
  }),
);

export const profileSchema: Schema<ExperimentProfile> = record(
  v.looseObject({
    params: v.record(v.string(), v.unknown()),
    id,
    execDuration: v.fallback(v.number(), 0),
    startTime: maybe(v.number()),
    endTime: maybe(v.number()),
    logDir: v.fallback(v.string(), ''),
    nextSequenceId: v.fallback(integer, 0),
    revision: v.fallback(integer, 0),
  }),
);

export const checkStatusSchema = v.object({
  status: v.picklist(experimentStatuses),
  errors: texts,
});

export const statisticsSchema: Schema<{ trialJobStatus: TrialStatus; trialJobNumber: number }> = v.object({
  trialJobStatus: trialStatus,
  trialJobNumber: integer,
});

export const exportedSchema = v.object({
  parameter: parameters,
  value: jsonText,
  trialJobId: id,
}) as Schema<{ parameter: Parameters; value: string; trialJobId: string }>;

/** The fields of a record that are there and right; a record that is none has none. */
export function fieldsOf<T extends object>(schema: Schema<T>, record: object): Partial<T> {
  return parse(schema, record) ?? {};
}

const objects = v.pipe(
  v.array(v.unknown()),
  v.transform((rows) => rows.filter((row): row is object => typeof row === 'object' && row !== null)),
);

/** What the classes of `trialRecords.ts` take from NNI's records: all of it may be missing. */
export const metricFields = v.object({
  timestamp: maybe(v.number()),
  trialJobId: maybe(v.string()),
  parameterId: v.fallback(
    v.optional(v.nullable(v.union([v.string(), v.pipe(v.number(), v.transform(String))]))),
    undefined,
  ),
  type: maybe(v.string()),
  sequence: maybe(v.number()),
  data: v.optional(v.unknown()),
});
export const hyperParametersFields = v.object({
  parameter_id: v.fallback(v.optional(v.nullable(v.union([v.number(), v.string()]))), undefined),
  parameter_source: maybe(v.string()),
  parameters: maybe(v.record(v.string(), v.unknown())),
  parameter_index: maybe(v.number()),
});
export const trialJobFields = v.object({
  trialJobId: maybe(v.string()),
  id: maybe(v.string()),
  status: v.optional(trialStatus),
  hyperParameters: maybe(
    v.pipe(
      v.array(v.unknown()),
      v.transform((rows) => rows.filter((row) => typeof row === 'string')),
    ),
  ),
  logPath: maybe(v.string()),
  startTime: maybe(v.number()),
  endTime: maybe(v.number()),
  finalMetricData: maybe(objects),
  stderrPath: maybe(v.string()),
  sequenceId: maybe(v.number()),
  message: maybe(v.string()),
});
export const resultFields = v.object({
  parameter: maybe(v.record(v.string(), v.unknown())),
  value: v.optional(v.unknown()),
  trialJobId: maybe(v.string()),
  id: maybe(v.string()),
});

/** A record that says whose it is, under NNI's key or the one of its first versions. The rest is for {@link fieldsOf}. */
export const trialRecordSchema: Schema<object> = v.union([v.looseObject({ trialJobId: id }), v.looseObject({ id })]);

export const sequenceIdSchema = v.object({ sequenceId: integer });

export const tensorBoardTaskSchema: Schema<TensorBoardTask> = record(
  v.object({
    id,
    status: v.string(),
    trialJobIdList: texts,
    trialLogDirectoryList: texts,
    pid: maybe(integer),
    // NNI sends a text.
    port: maybe(v.pipe(v.union([v.number(), v.string()]), v.transform(Number), integer)),
  }),
);

export const importedSchema: Schema<{ parameter: Parameters; value: unknown }> = v.object({
  parameter: v.record(v.string(), v.unknown()),
  value: v.unknown(),
});

export const manifestEntrySchema: Schema<ManifestEntry> = record(
  v.looseObject({
    id,
    port: maybe(integer),
    startTime: maybe(v.number()),
    endTime: maybe(v.union([v.number(), v.literal('N/A')])),
    status: v.fallback(v.string(), 'STOPPED'),
    platform: v.fallback(v.string(), ''),
    experimentName: maybe(v.string()),
    tag: texts,
    pid: maybe(integer),
    webuiUrl: texts,
    logDir: v.fallback(v.string(), ''),
    prefixUrl: maybe(v.nullable(v.string())),
  }),
);

const counts = v.fallback(
  v.pipe(
    v.record(v.string(), v.unknown()),
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

/** Actions and refusals of a newer server that this version has no words for: left out, and `unsupported`. */
const actions: Schema<ActionStates> = v.pipe(
  v.record(v.string(), v.unknown()),
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

const summaryFields: Schema<ServedSummary> = record(
  v.looseObject({
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
);

export const summarySchema: Schema<ExperimentSummary> = v.pipe(summaryFields, v.transform(completeActions));

export const trialRowSchema: Schema<TrialRow> = record(
  v.looseObject({
    id,
    number: v.fallback(integer, -1),
    status: trialStatus,
    parameters,
    recordedParameters: maybe(v.record(v.string(), v.unknown())),
    parameterId: v.fallback(v.nullable(v.string()), null),
    source: parameterSource,
    startTime: maybe(v.number()),
    endTime: maybe(v.number()),
    message: maybe(v.string()),
    final: maybe(v.string()),
    latest: maybe(v.object({ sequence: v.number(), data: v.string() })),
    intermediates: v.fallback(integer, 0),
  }),
);

const metricPointSchema: Schema<MetricPoint> = v.object({
  trialId: id,
  type: v.picklist(['PERIODICAL', 'FINAL']),
  sequence: v.number(),
  timestamp: v.number(),
  data: v.string(),
});

function list<T>(schema: Schema<T>): Schema<T[]> {
  return v.pipe(
    v.array(v.unknown()),
    v.transform((rows) => parseList(schema, rows) ?? []),
  );
}

const config = v.record(v.string(), v.unknown());

export const changeSchema: Schema<ExperimentChange> = record(
  v.object({
    revision: integer,
    summary: maybe(summarySchema),
    config: maybe(config),
    trials: maybe(list(trialRowSchema)),
    metrics: maybe(list(metricPointSchema)),
    removedTrials: maybe(v.array(v.string())),
  }),
);

export const snapshotSchema: Schema<ExperimentSnapshot> = v.object({
  session: v.string(),
  revision: integer,
  summary: summarySchema,
  config: v.fallback(config, {}),
  trials: list(trialRowSchema),
  metrics: v.pipe(v.unknown(), v.transform(metricColumns)),
}) as unknown as Schema<ExperimentSnapshot>;

export const snapshotPartSchema: Schema<SnapshotPart> = record(
  v.object({ trials: maybe(list(trialRowSchema)), metrics: maybe(v.pipe(v.unknown(), v.transform(metricColumns))) }),
);

/** By hand: there may be millions of points. Points that are not whole are left out. */
function metricColumns(value: unknown): MetricColumns {
  const kept: MetricColumns = { trialIds: [], trial: [], type: [], sequence: [], timestamp: [], data: [] };
  if (typeof value !== 'object' || value === null) return kept;
  const given = value as Record<keyof MetricColumns, unknown>;
  const { trialIds, trial, type, sequence, timestamp, data } = given;
  if (![trialIds, trial, type, sequence, timestamp, data].every(Array.isArray)) return kept;
  const columns = given as unknown as Record<keyof MetricColumns, unknown[]>;
  kept.trialIds = columns.trialIds.map(String);
  const whole = (point: number) => {
    const index = columns.trial[point];
    return (
      typeof index === 'number' &&
      kept.trialIds[index] !== undefined &&
      (columns.type[point] === 'P' || columns.type[point] === 'F') &&
      typeof columns.sequence[point] === 'number' &&
      typeof columns.timestamp[point] === 'number' &&
      typeof columns.data[point] === 'string'
    );
  };
  let bad = false;
  for (let point = 0; point < columns.trial.length && !bad; point++) bad = !whole(point);
  const right = columns as unknown as MetricColumns;
  const { length } = columns.trial;
  if (!bad && [type, sequence, timestamp, data].every((column) => (column as unknown[]).length === length)) {
    return { ...right, trialIds: kept.trialIds };
  }
  for (let point = 0; point < length; point++) {
    if (!whole(point)) continue;
    kept.trial.push(right.trial[point] ?? 0);
    kept.type.push(right.type[point] ?? 'P');
    kept.sequence.push(right.sequence[point] ?? 0);
    kept.timestamp.push(right.timestamp[point] ?? 0);
    kept.data.push(right.data[point] ?? '');
  }
  return kept;
}

const problemSchema: Schema<ConfigProblem> = record(
  v.looseObject({
    severity: v.fallback(v.picklist(['error', 'warning']), 'error'),
    code: v.fallback(v.string(), ''),
    message: v.string(),
    file: v.fallback(v.string(), ''),
    path: v.fallback(v.array(v.union([v.string(), v.number()])), []),
    start: v.fallback(integer, 0),
    end: v.fallback(integer, 0),
    line: v.fallback(integer, 1),
    column: v.fallback(integer, 1),
    replacement: maybe(v.string()),
  }),
);

export const errorBodySchema: Schema<{ error: string; problems: ConfigProblem[] }> = v.object({
  error: v.string(),
  problems: v.fallback(list(problemSchema), []),
});

export const managerInfoSchema: Schema<ManagerInfo> = record(
  v.object({
    name: v.literal('trialdeck-manager'),
    version: v.string(),
    pid: integer,
    experimentsDirectory: v.string(),
    warnings: maybe(v.array(v.string())),
  }),
);

export const launchedSchema: Schema<Launched> = v.object({ id, port: integer, pid: integer });

export const managerLockSchema: Schema<ManagerLock> = v.object({
  pid: v.pipe(integer, v.minValue(1)),
  port: v.pipe(integer, v.minValue(1), v.maxValue(65535)),
  host: id,
  token: id,
  version: v.string(),
  startTime: v.number(),
});
