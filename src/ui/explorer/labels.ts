/** What rows of the tree say: words, shapes and colours. Free of vscode, so that it can be tested without it. */
import { possibleActions } from '../../model/experiment/actions.ts';
import type { ExperimentSummary } from '../../model/experiment/experiment.ts';
import { elapsedSeconds, experimentPhase, seenStatus } from '../../model/experiment/experimentPhase.ts';
import { formatDuration, formatNumber } from '../../model/text/format.ts';
import { plainText } from '../../model/text/plainText.ts';
import type { TrialRow } from '../../model/trial/trial.ts';
import type { ConnectionStatus } from '../../store/connectionStatus.ts';
import { type ActionId, actionIds, actionOf, trialRefusalOf } from '../actions.ts';
import { isRunning } from '../experiments.ts';
import type { Row } from './row.ts';
import { phaseShape, trialShape, withoutSpin } from './shapes.ts';
import { metricValueText, parametersText } from './valueText.ts';
import { experimentPhaseWord, progressText, type Translate, trialStatusWord, trialTitle } from './words.ts';

/** What can be done with a row, for `when` clauses: `trial;openTrial;killTrial;`. */
function contextValue(kind: string, marks: readonly string[]): string {
  return [kind, ...marks].map((mark) => `${mark};`).join('');
}

const trialActions = actionIds.filter((id) => actionOf(id).scope === 'trial' || actionOf(id).ofTrial !== undefined);
const remoteActions: readonly ActionId[] = ['renameConnection', 'changeToken', 'forgetConnection'];

export class Labels {
  readonly t: Translate;
  readonly #locale: string;
  readonly #now: () => number;

  constructor(t: Translate, locale: string, now: () => number = Date.now) {
    this.t = t;
    this.#locale = locale;
    this.#now = now;
  }

  connection(
    label: string,
    status: ConnectionStatus,
    experiments: readonly ExperimentSummary[],
    kind: 'local' | 'remote' = 'local',
  ): Row {
    const { t } = this;
    const running = experiments.filter(isRunning).length;
    const remote = kind === 'remote';
    let description = '';
    if (status.state === 'connecting') description = t('connecting…');
    else if (status.state === 'lost') description = this.#lost(status);
    else if (status.state === 'idle' && remote) description = t('not connected');
    else if (running > 0) description = t('{0} running', running);
    const lost = status.state === 'lost';
    const marks = [
      ...(remote ? remoteActions : []),
      ...(lost ? ['retryConnection'] : []),
      ...(lost && status.wantsToken ? ['token'] : []),
    ];
    return {
      label: plainText(label, 120),
      description: plainText(description),
      icon: lost ? 'warning' : status.state === 'connecting' ? 'loading~spin' : remote ? 'remote' : 'vm',
      color: lost ? 'trialdeck.stoppedEarly' : '',
      contextValue: contextValue('connection', marks),
      spoken: plainText([label, description].filter(Boolean).join(', ')),
    };
  }

  /** @param lostSince since when nothing is heard of it; what was known then is shown, and nothing turns. Epoch milliseconds. */
  experiment(summary: ExperimentSummary, lostSince?: number): Row {
    const { t } = this;
    const phase = experimentPhase(summary);
    const word = experimentPhaseWord(phase, t);
    const best = summary.best ? t('best {0}', formatNumber(summary.best.value)) : '';
    const ended = summary.endTime ?? summary.best?.time ?? summary.startTime;
    const when = ended === undefined ? '' : this.ago(ended);
    const reason = summary.errors[0] ? plainText(summary.errors[0], 80) : '';
    let parts: string[];
    switch (phase) {
      case 'running':
      case 'finishing':
        parts = [progressText(summary), best, formatDuration(elapsedSeconds(summary, lostSince ?? this.#now()))];
        break;
      case 'starting':
      case 'stopping':
        parts = [word, best];
        break;
      case 'failed':
      case 'stalled':
        parts = [reason ? `${word}: ${reason}` : word, best];
        break;
      default:
        parts = [word, best, when];
    }
    if (summary.type === 'nas') parts.unshift('NAS');
    const label = plainText(summary.name, 120) || plainText(summary.id, 120);
    const marks = possibleActions(summary);
    const running = phase === 'running' || phase === 'finishing' ? [word] : [];
    return {
      label,
      description: plainText(parts.filter(Boolean).join(' · ')),
      ...(lostSince === undefined ? phaseShape(phase) : withoutSpin(phaseShape(phase))),
      contextValue: contextValue('experiment', marks),
      spoken: plainText([t('Experiment {0}', label), ...running, ...parts].filter(Boolean).join(', ')),
    };
  }

  /** @param lostSince as for {@link experiment} */
  trial(row: TrialRow, experiment: ExperimentSummary, lostSince?: number): Row {
    const { t } = this;
    const status = seenStatus(row.status, experiment);
    const shape = lostSince === undefined ? trialShape(status) : withoutSpin(trialShape(status));
    const isBest = row.id === experiment.best?.trialId;
    const metric = this.metricText(row);
    const word = trialStatusWord(status, t);
    const message = row.message ? plainText(row.message, 60) : '';
    const parameters = parametersText(row.parameters);
    let parts: string[];
    switch (status) {
      case 'NOT_ENDED':
        parts = [word, ...(row.latest ? [t('step {0}', row.latest.sequence), metric] : [])];
        break;
      case 'RUNNING':
        parts = row.latest ? [t('step {0}', row.latest.sequence), metric] : [parameters];
        break;
      case 'SUCCEEDED':
        parts = [metric || t('no result'), parameters];
        break;
      case 'EARLY_STOPPED':
        parts = [metric, message || this.#stoppedBy(experiment), parameters];
        break;
      case 'FAILED':
        parts = [message || word];
        break;
      default:
        parts = [word, message === word ? '' : message];
    }
    // Parameters are long, and what comes after them is cut off.
    if (row.recordedParameters) parts.splice(1, 0, t('mixed up by NNI'));
    const marks = trialActions.filter((id) => trialRefusalOf(id, row, experiment) === undefined);
    const title = trialTitle(row);
    return {
      label: plainText(title, 120),
      description: plainText(parts.filter(Boolean).join(' · ')),
      ...(isBest ? { icon: 'star-full', color: 'trialdeck.succeeded' } : shape),
      contextValue: contextValue('trial', marks),
      spoken: plainText(
        [
          t('Trial {0}', title),
          isBest ? t('the best') : '',
          word,
          metric && t('metric {0}', metric),
          row.status === 'FAILED' ? message : '',
          row.recordedParameters ? t('its parameters were mixed up by NNI') : '',
        ]
          .filter(Boolean)
          .join(', '),
      ),
    };
  }

  /** `stopped early by Medianstop`. */
  #stoppedBy({ assessor }: ExperimentSummary): string {
    if (assessor === undefined) return trialStatusWord('EARLY_STOPPED', this.t);
    return this.t('stopped early by {0}', plainText(assessor, 40));
  }

  /** The final result, else the newest intermediate one; empty when none was reported. Never an invented number. */
  metricText(row: TrialRow): string {
    const text = row.final ?? row.latest?.data;
    return text === undefined ? '' : metricValueText(text);
  }

  /** `12 min. ago`, `yesterday`. */
  ago(time: number): string {
    const seconds = (time - this.#now()) / 1000;
    const format = new Intl.RelativeTimeFormat(this.#locale, { numeric: 'auto', style: 'short' });
    const size = Math.abs(seconds);
    if (size < 60) return this.t('just now');
    if (size < 3600) return format.format(Math.round(seconds / 60), 'minute');
    if (size < 86_400) return format.format(Math.round(seconds / 3600), 'hour');
    if (size < 30 * 86_400) return format.format(Math.round(seconds / 86_400), 'day');
    return new Intl.DateTimeFormat(this.#locale, { dateStyle: 'medium' }).format(time);
  }

  /** Date and time of day. */
  moment(time: number): string {
    return new Intl.DateTimeFormat(this.#locale, { dateStyle: 'medium', timeStyle: 'medium' }).format(time);
  }

  #lost(status: ConnectionStatus & { state: 'lost' }): string {
    if (status.wantsToken) return this.t('needs its token');
    const time = new Intl.DateTimeFormat(this.#locale, { timeStyle: 'short' }).format(status.since);
    return status.reached ? this.t('no answer since {0}', time) : plainText(status.reason, 80);
  }
}
