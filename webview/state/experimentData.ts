/** The page's data of its experiment: a snapshot, and the changes applied since. */
import type { ExperimentChange, ExperimentSnapshot, ExperimentSummary } from '../../src/model/experiment/experiment.ts';
import { runsTrials, seenStatus } from '../../src/model/experiment/experimentPhase.ts';
import { applyMetric } from '../../src/model/trial/applyMetric.ts';
import { isEnded, type SeenTrial, type TrialStatus } from '../../src/model/trial/trial.ts';
import { Curve } from './curve.ts';
import { type ParameterColumn, ParameterTally } from './parameters.ts';
import { addMetricKeys } from './results.ts';

/** The outcome of a change: applied, already known, or not the next one. */
export type Applied = 'applied' | 'stale' | 'gap';

export class ExperimentData {
  readonly session: string;
  revision: number;
  summary: ExperimentSummary;
  config: ExperimentSnapshot['config'];
  /** By id, in order of arrival. Rows are replaced, never changed. */
  readonly rows = new Map<string, SeenTrial>();
  readonly curves = new Map<string, Curve>();
  /** Trials that have not ended. */
  readonly living = new Map<string, SeenTrial>();
  /** Each trial's position by arrival: 0, 1, 2, … */
  readonly places = new Map<string, number>();
  /** All metric keys that were reported. */
  readonly metricKeys = new Set<string>();
  /** Counts up when a row is added or replaced. */
  rowsVersion = 0;
  /** Counts up when an ended trial is added or replaced. Reports of running trials change no ranking. */
  endedVersion = 0;
  /** Counts up when an intermediate result arrives. */
  curvesVersion = 0;
  #parameters: ParameterTally | undefined;
  /** How many trials have arrived, removed ones included. */
  #arrived = 0;
  /** Trials that ended since the last call of {@link takeEnded}. */
  #ended: SeenTrial[] = [];
  /** By trial id, the recorded rows of trials shown as not ended. */
  readonly #recorded = new Map<string, TrialStatus>();

  constructor(snapshot: ExperimentSnapshot) {
    this.session = snapshot.session;
    this.revision = snapshot.revision;
    this.summary = snapshot.summary;
    this.config = snapshot.config;
    for (const row of snapshot.trials) this.#takeRow(row);
    const { trialIds, trial, type, sequence, data } = snapshot.metrics;
    const curves = trialIds.map((id) => this.#curve(id));
    for (let point = 0; point < trial.length; point++) {
      if (type[point] === 'P') curves[trial[point] ?? -1]?.append(sequence[point] ?? 0, data[point] ?? '');
    }
  }

  /** @param from the revision the change starts at; the one before it when undefined. */
  apply(change: ExperimentChange, from?: number): Applied {
    // A summary that the manager sends alone carries the previous change's revision.
    if (change.revision < this.revision) return 'stale';
    if (change.revision === this.revision) {
      if (change.summary) this.#takeSummary(change.summary);
      return change.summary ? 'applied' : 'stale';
    }
    if ((from ?? change.revision - 1) > this.revision) return 'gap';
    this.revision = change.revision;
    if (change.summary) this.#takeSummary(change.summary);
    if (change.config) this.config = change.config;
    for (const id of change.removedTrials ?? []) this.#remove(id);
    for (const row of change.trials ?? []) this.#takeRow(row);
    for (const point of change.metrics ?? []) {
      const { trialId, type, sequence, data } = point;
      const row = this.rows.get(trialId);
      const curve = this.#curve(trialId);
      if (type === 'PERIODICAL') {
        curve.append(sequence, data);
        this.curvesVersion++;
      }
      // The points of a large snapshot arrive after its rows, so the row may already count this one.
      const updated = row && applyMetric(row, point, curve.length);
      if (updated && updated !== row) this.#takeRow(updated);
    }
    return 'applied';
  }

  /** A column for each parameter of any trial; the same array until a column changes. */
  get parameters(): ParameterColumn[] {
    if (!this.#parameters) {
      this.#parameters = new ParameterTally();
      for (const { parameters } of this.rows.values()) this.#parameters.add(parameters);
    }
    return this.#parameters.columns;
  }

  takeEnded(): SeenTrial[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  #takeSummary(summary: ExperimentSummary): void {
    const same = runsTrials(summary) === runsTrials(this.summary);
    this.summary = summary;
    if (same) return;
    // The rows' statuses depend on the summary, which may arrive without them.
    for (const row of [...this.living.values()]) {
      this.#takeRow({ ...row, status: this.#recorded.get(row.id) ?? row.status });
    }
  }

  #takeRow(given: SeenTrial): void {
    let row = given;
    if (row.status !== 'NOT_ENDED') {
      const status = seenStatus(row.status, this.summary);
      if (status === 'NOT_ENDED') this.#recorded.set(row.id, row.status);
      else this.#recorded.delete(row.id);
      if (status !== row.status) row = { ...row, status };
    }
    const known = this.rows.get(row.id);
    if (!known) {
      this.places.set(row.id, this.#arrived++);
      this.#parameters?.add(row.parameters);
    } else if (known.parameters !== row.parameters) {
      // Each message brings a new object: keep the old one when it is equal, so that cached values stay valid.
      if (JSON.stringify(known.parameters) === JSON.stringify(row.parameters))
        row = { ...row, parameters: known.parameters };
      else this.#parameters = undefined;
    }
    const over = isEnded(row.status);
    if (over) this.living.delete(row.id);
    else this.living.set(row.id, row);
    const wasOver = known !== undefined && isEnded(known.status);
    if (known && over && !wasOver) this.#ended.push(row);
    if (over !== wasOver || (over && known && !sameResult(known, row))) this.endedVersion++;
    addMetricKeys(row, this.metricKeys);
    this.rows.set(row.id, row);
    this.rowsVersion++;
  }

  #remove(id: string): void {
    const row = this.rows.get(id);
    if (!row) return;
    this.rows.delete(id);
    this.living.delete(id);
    this.places.delete(id);
    this.#recorded.delete(id);
    if (this.curves.delete(id)) this.curvesVersion++;
    if (isEnded(row.status)) this.endedVersion++;
    this.#parameters = undefined;
    this.rowsVersion++;
  }

  #curve(id: string): Curve {
    let curve = this.curves.get(id);
    if (!curve) {
      curve = new Curve();
      this.curves.set(id, curve);
    }
    return curve;
  }
}

function sameResult(a: SeenTrial, b: SeenTrial): boolean {
  return a.status === b.status && a.final === b.final && a.latest?.data === b.latest?.data && a.number === b.number;
}
