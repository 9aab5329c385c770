/** Schemas of what NNI's routes answer, with the types of the model. */
import * as v from 'valibot';
import { type ExperimentProfile, experimentStatuses, type ManifestEntry } from '../../model/experiment/experiment.ts';
import type { TensorBoardTask } from '../../model/experiment/tensorBoard.ts';
import { type MetricDataRecord, type Parameters, type TrialJobInfo, trialStatuses } from '../../model/trial/trial.ts';
import {
  exactly,
  id,
  integer,
  isRecord,
  jsonText,
  listOf,
  maybe,
  parse,
  present,
  type Schema,
  texts,
} from './schema.ts';

export const trialStatus = v.fallback(v.picklist(trialStatuses), 'UNKNOWN');
export const parameters = v.custom<Parameters>(isRecord);
export const parameterSource = v.fallback(v.picklist(['algorithm', 'customized', 'resumed']), 'algorithm');
export const metricType = v.picklist(['PERIODICAL', 'FINAL']);
/** NNI stores configs of any version, so read them with care. */
export const experimentParams = v.custom<ExperimentProfile['params']>(isRecord);

const parameterId = v.union([v.string(), v.pipe(v.number(), v.transform(String))]);

export const metricDataSchema = exactly<MetricDataRecord>()(
  v.object({
    timestamp: v.fallback(v.number(), 0),
    trialJobId: id,
    parameterId: v.fallback(v.nullable(parameterId), null),
    type: metricType,
    sequence: v.fallback(integer, 0),
    data: jsonText,
  }),
);

export const trialJobSchema = exactly<TrialJobInfo>()(
  present(
    v.object({
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
      finalMetricData: maybe(listOf(metricDataSchema)),
    }),
  ),
);

export const profileSchema = exactly<ExperimentProfile>()(
  present(
    v.object({
      params: experimentParams,
      id,
      execDuration: v.fallback(v.number(), 0),
      startTime: maybe(v.number()),
      endTime: maybe(v.number()),
      logDir: v.fallback(v.string(), ''),
      nextSequenceId: v.fallback(integer, 0),
      revision: v.fallback(integer, 0),
    }),
  ),
);

export const checkStatusSchema = v.object({ status: v.picklist(experimentStatuses), errors: texts });
export const statisticsSchema = v.object({ trialJobStatus: trialStatus, trialJobNumber: integer });
export const exportedSchema = v.object({ parameter: v.fallback(parameters, {}), value: jsonText, trialJobId: id });
export const sequenceIdSchema = v.object({ sequenceId: integer });
export const importedSchema = v.object({ parameter: parameters, value: v.unknown() });

export const tensorBoardTaskSchema = exactly<TensorBoardTask>()(
  present(
    v.object({
      id,
      status: v.string(),
      trialJobIdList: texts,
      trialLogDirectoryList: texts,
      pid: maybe(integer),
      // NNI sends a text.
      port: maybe(v.pipe(v.union([v.number(), v.string()]), v.transform(Number), integer)),
    }),
  ),
);

export const manifestEntrySchema = exactly<ManifestEntry>()(
  present(
    v.object({
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
  ),
);

/** A record that names its trial, under NNI's key or the key of its first versions. {@link fieldsOf} reads the rest. */
export const trialRecordSchema: Schema<object> = v.union([v.looseObject({ trialJobId: id }), v.looseObject({ id })]);

/** The valid fields of a record. */
export function fieldsOf<T extends object>(schema: Schema<T>, record: object): Partial<T> {
  return parse(schema, record) ?? {};
}

const objects = v.pipe(
  v.array(v.unknown()),
  v.transform((rows) => rows.filter((row): row is object => typeof row === 'object' && row !== null)),
);

/** The fields that the classes of `client/trialRecords.ts` read from NNI's records. All of them may be missing. */
export const metricFields = v.object({
  timestamp: maybe(v.number()),
  trialJobId: maybe(v.string()),
  parameterId: maybe(v.nullable(parameterId)),
  type: maybe(v.string()),
  sequence: maybe(v.number()),
  data: v.optional(v.unknown()),
});
export const hyperParametersFields = v.object({
  parameter_id: maybe(v.nullable(v.union([v.number(), v.string()]))),
  parameter_source: maybe(v.string()),
  parameters: maybe(parameters),
  parameter_index: maybe(v.number()),
});
export const trialJobFields = v.object({
  trialJobId: maybe(v.string()),
  id: maybe(v.string()),
  status: v.optional(trialStatus),
  hyperParameters: maybe(listOf(v.string())),
  logPath: maybe(v.string()),
  startTime: maybe(v.number()),
  endTime: maybe(v.number()),
  finalMetricData: maybe(objects),
  stderrPath: maybe(v.string()),
  sequenceId: maybe(v.number()),
  message: maybe(v.string()),
});
export const resultFields = v.object({
  parameter: maybe(parameters),
  value: v.optional(v.unknown()),
  trialJobId: maybe(v.string()),
  id: maybe(v.string()),
});
