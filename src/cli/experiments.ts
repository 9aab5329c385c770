/** `experiment list|show|status|export`. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { type ExportFormat, exportedTrials, exportText } from '../model/files/exportText.ts';
import { formatNumber } from '../model/text/format.ts';
import { messageOf } from '../model/text/messageOf.ts';
import { CommandFailure } from './failure.ts';
import { progressLine } from './progress.ts';
import { chooseExperiment } from './select.ts';
import { type Session, untilde } from './session.ts';
import { table, terminalWidth } from './table.ts';
import { jsonText, writeText } from './terminal.ts';

export async function listExperiments(session: Session, { all }: { all?: boolean }): Promise<undefined> {
  const manager = await session.manager();
  const [{ warnings = [] }, listed] = await Promise.all([manager.info(), manager.list()]);
  for (const warning of warnings) writeText(process.stderr, `trialdeck: warning: ${warning}`);
  const experiments = listed.filter((experiment) => all || experiment.live);
  const text =
    experiments.length > 0
      ? experimentTable(experiments)
      : all
        ? `There are no experiments in ${session.experimentsDirectory}.`
        : 'No experiment is running. Those that ended: trialdeck experiment list --all';
  session.print(experiments, text);
}

function experimentTable(experiments: readonly ExperimentSummary[]): string {
  return table(
    [
      { title: 'ID' },
      { title: 'NAME' },
      { title: 'STATUS' },
      { title: 'TRIALS', align: 'right' },
      { title: 'BEST', align: 'right' },
      { title: 'PORT', align: 'right' },
      { title: 'PLATFORM' },
      { title: 'STARTED' },
    ],
    experiments.map((experiment) => [
      experiment.id,
      experiment.name,
      experiment.status,
      trialsText(experiment),
      experiment.best ? formatNumber(experiment.best.value) : '',
      experiment.port === undefined ? '' : String(experiment.port),
      experiment.platform,
      experiment.startTime === undefined ? '' : new Date(experiment.startTime).toLocaleString('sv-SE'),
    ]),
    terminalWidth(),
  );
}

/** The number of trials; empty for an architecture search that stored none, as their number is unknown. */
function trialsText({ counts, type }: ExperimentSummary): string {
  const stored = Object.values(counts);
  if (type === 'nas' && stored.length === 0) return '';
  return String(stored.reduce((sum, count) => sum + count, 0));
}

/** Prints NNI's profile: JSON with and without `--json`. */
export async function showExperiment(session: Session, _options: unknown, id?: string): Promise<undefined> {
  const chosen = await chooseExperiment(session, id);
  const profile = await (await session.manager()).experiment(chosen.id).getExperimentProfile();
  session.print(profile, jsonText(profile));
}

export async function showStatus(session: Session, _options: unknown, id?: string): Promise<undefined> {
  const chosen = await chooseExperiment(session, id);
  const { status, errors } = chosen;
  const lines = [`${status}: ${progressLine(chosen, Date.now())}`, ...errors];
  session.print({ status, errors }, lines.join('\n'));
}

export async function exportExperiment(
  session: Session,
  options: { filename: string; type: ExportFormat; intermediate?: boolean },
  id?: string,
): Promise<undefined> {
  const chosen = await chooseExperiment(session, id);
  const snapshot = await (await session.manager()).experiment(chosen.id).snapshot();
  const trials = exportedTrials(snapshot);
  const file = resolve(untilde(options.filename));
  try {
    await writeFile(file, exportText(trials, options.type, options.intermediate ?? false));
  } catch (error) {
    throw new CommandFailure(`${file} can't be written: ${messageOf(error)}`);
  }
  session.print({ file, trials: trials.length }, `${trials.length} trials were written to ${file}.`);
}
