/** The progress of a running experiment: one changing line on a terminal, elsewhere a line for each trial that ends. */
import type { ExperimentChange, ExperimentSnapshot, ExperimentSummary } from '../model/experiment/experiment.ts';
import { formatDuration, formatNumber } from '../model/text/format.ts';
import { isEnded, type TrialRow } from '../model/trial/trial.ts';
import { metricText, trialName } from './results.ts';
import { oneLine, terminalWidth } from './table.ts';
import { redrawLine, writeText } from './terminal.ts';

/** The least time between two drawings of the line. */
const minRedrawMs = 100;

export class Progress {
  readonly #output: NodeJS.WriteStream;
  readonly #trials = new Map<string, TrialRow>();
  readonly #printed = new Set<string>();
  #summary: ExperimentSummary | undefined;
  #timer: NodeJS.Timeout | undefined;
  #clock: NodeJS.Timeout | undefined;
  #note = '';
  #drawn = false;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
    if (output.isTTY) this.#clock = setInterval(() => this.#schedule(), 1000);
  }

  get summary(): ExperimentSummary | undefined {
    return this.#summary;
  }

  get trials(): ReadonlyMap<string, TrialRow> {
    return this.#trials;
  }

  setSnapshot(snapshot: ExperimentSnapshot): void {
    this.#summary = snapshot.summary;
    this.#trials.clear();
    for (const row of snapshot.trials) this.#trials.set(row.id, row);
    this.#show();
  }

  applyChange(change: ExperimentChange): void {
    if (change.summary) this.#summary = change.summary;
    for (const id of change.removedTrials ?? []) this.#trials.delete(id);
    for (const row of change.trials ?? []) this.#trials.set(row.id, row);
    this.#show();
  }

  /** Shows a note beside the numbers, such as a lost connection; empty removes it. */
  setNote(text: string): void {
    if (text === this.#note) return;
    this.#note = text;
    if (this.#output.isTTY) this.#schedule();
    else if (text !== '') writeText(this.#output, text);
  }

  /** Clears the terminal's line. */
  end(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#clock);
    this.#timer = undefined;
    this.#clock = undefined;
    if (this.#drawn) redrawLine(this.#output, '');
    this.#drawn = false;
  }

  #show(): void {
    if (this.#output.isTTY) {
      this.#schedule();
      return;
    }
    for (const row of this.#trials.values()) {
      if (!isEnded(row.status) || this.#printed.has(row.id)) continue;
      this.#printed.add(row.id);
      writeText(this.#output, `${trialLine(row)} | ${this.#line()}`);
    }
  }

  #schedule(): void {
    if (this.#timer || !this.#clock) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const text = this.#note === '' ? this.#line() : `${this.#line()} · ${this.#note}`;
      const width = terminalWidth(this.#output) - 1;
      redrawLine(this.#output, text.length > width ? `${text.slice(0, width - 1)}…` : text);
      this.#drawn = true;
    }, minRedrawMs);
  }

  #line(): string {
    return this.#summary ? progressLine(this.#summary, Date.now()) : 'starting';
  }
}

/** `12/20 done · 2 running · 1 failed · best 0.973 (trial 7) · 1m 02s`. */
export function progressLine(summary: ExperimentSummary, now: number): string {
  const { counts, best, maxTrialNumber } = summary;
  let [ended, failed] = [0, counts.FAILED ?? 0];
  for (const [status, count] of Object.entries(counts)) {
    if (isEnded(status as keyof typeof counts)) ended += count;
  }
  const passed = summary.live && summary.status !== 'DONE' ? Math.max(0, now - summary.durationAt) / 1000 : 0;
  const parts = [`${maxTrialNumber === undefined ? ended : `${ended}/${maxTrialNumber}`} done`];
  parts.push(`${counts.RUNNING ?? 0} running`, `${failed} failed`);
  if (best)
    parts.push(`best ${formatNumber(best.value)} (trial ${best.trialNumber >= 0 ? best.trialNumber : best.trialId})`);
  parts.push(formatDuration(Math.floor(summary.execDuration + passed)));
  return parts.join(' · ');
}

/** `trial 4 succeeded: 0.934`, `trial 5 failed: exit 1: ValueError: bad`. */
export function trialLine(row: TrialRow): string {
  const words = row.status.toLowerCase().replaceAll('_', ' ');
  const what = [metricText(row), oneLine(row.message ?? '')].filter((text) => text !== '').join(', ');
  return `trial ${trialName(row)} ${words}${what === '' ? '' : `: ${what}`}`;
}
