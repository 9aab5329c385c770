/**
 * Trials, metrics and results as NNI's Python clients show them (`nni/experiment/data.py`, and `nnicli.py` before it). JSON inside JSON
 * is parsed, `NaN` and infinities are numbers, and a missing field is undefined, as it is `None` there.
 */
import { inspect } from 'node:util';
import { isObject } from '../model/json/isObject.ts';
import { parseJson } from '../model/json/parseJson.ts';
import { unwrapMetricData } from '../model/trial/metric.ts';
import type { Parameters, TrialStatus } from '../model/trial/trial.ts';
import { fieldsOf, hyperParametersFields, metricFields, resultFields, trialJobFields } from '../wire/schemas/nni.ts';

/** A class that prints as Python's `__repr__` does. */
abstract class NniRecord {
  toString(): string {
    const fields = Object.entries(this).map(([name, value]) => `${name}: ${inspectValue(value)}`);
    return `${this.constructor.name}(${fields.join(' ')})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

function inspectValue(value: unknown): string {
  return inspect(value, { depth: null, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: null });
}

/** One intermediate or final result. */
export class TrialMetricData extends NniRecord {
  /** Epoch milliseconds of its arrival. */
  readonly timestamp: number | undefined;
  readonly trialJobId: string | undefined;
  /** `null` for a custom trial. */
  readonly parameterId: string | null | undefined;
  /** `PERIODICAL` for an intermediate result, `FINAL` for the final one. */
  readonly type: string | undefined;
  /** From 0, in the order the trial reported. */
  readonly sequence: number | undefined;
  /** The reported value: usually a number, or an object with `default` and more. The text itself if it is not JSON. */
  readonly data: unknown;

  /** @param json a record of NNI's `metric-data` */
  constructor(json: object) {
    super();
    const fields = fieldsOf(metricFields, json);
    this.timestamp = fields.timestamp;
    this.trialJobId = fields.trialJobId;
    this.parameterId = fields.parameterId;
    this.type = fields.type;
    this.sequence = fields.sequence;
    const text = fields.data;
    this.data = typeof text === 'string' ? parseOr(unwrapMetricData(text), unwrapMetricData(text)) : text;
  }
}

/** The parameters of a trial. */
export class TrialHyperParameters extends NniRecord {
  /** A number; a text for advisors such as Hyperband; `null` for a custom trial. */
  readonly parameter_id: number | string | null | undefined;
  /** `algorithm`, `customized` or `resumed`. */
  readonly parameter_source: string | undefined;
  readonly parameters: Parameters | undefined;
  readonly parameter_index: number | undefined;

  /** @param json a record out of a trial's `hyperParameters` */
  constructor(json: object) {
    super();
    const fields = fieldsOf(hyperParametersFields, json);
    this.parameter_id = fields.parameter_id;
    this.parameter_source = fields.parameter_source;
    this.parameters = fields.parameters;
    this.parameter_index = fields.parameter_index;
  }
}

export class TrialJob extends NniRecord {
  readonly trialJobId: string | undefined;
  readonly status: TrialStatus | undefined;
  readonly hyperParameters: TrialHyperParameters[] | undefined;
  /** The trial's folder. */
  readonly logPath: string | undefined;
  /** Epoch milliseconds. */
  readonly startTime: number | undefined;
  readonly endTime: number | undefined;
  /** A real NNI fills it for succeeded trials only. */
  readonly finalMetricData: TrialMetricData[] | undefined;
  readonly stderrPath: string | undefined;
  /** The number people call the trial by. */
  readonly sequenceId: number | undefined;
  readonly message: string | undefined;

  /** @param json a record of NNI's `trial-jobs`; the old key `id` is taken as well */
  constructor(json: object) {
    super();
    const fields = fieldsOf(trialJobFields, json);
    this.trialJobId = fields.trialJobId ?? fields.id;
    this.status = fields.status;
    this.hyperParameters = fields.hyperParameters?.flatMap((text) => {
      const record = parseOr(text, undefined);
      return isObject(record) ? new TrialHyperParameters(record) : [];
    });
    this.logPath = fields.logPath;
    this.startTime = fields.startTime;
    this.endTime = fields.endTime;
    this.finalMetricData = fields.finalMetricData?.map((row) => new TrialMetricData(row));
    this.stderrPath = fields.stderrPath;
    this.sequenceId = fields.sequenceId;
    this.message = fields.message;
  }
}

/** Parameters and final result of a succeeded trial. */
export class TrialResult extends NniRecord {
  readonly parameter: Parameters | undefined;
  /** Usually a number, or an object with `default` and more. The text itself if it is not JSON. */
  readonly value: unknown;
  readonly trialJobId: string | undefined;

  /** @param json a record of NNI's `export-data`; the old key `id` is taken as well */
  constructor(json: object) {
    super();
    const fields = fieldsOf(resultFields, json);
    this.parameter = fields.parameter;
    this.value = typeof fields.value === 'string' ? parseOr(fields.value, fields.value) : fields.value;
    this.trialJobId = fields.trialJobId ?? fields.id;
  }
}

function parseOr(text: string, otherwise: unknown): unknown {
  try {
    return parseJson(text);
  } catch {
    return otherwise;
  }
}
