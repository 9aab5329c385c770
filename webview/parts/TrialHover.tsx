/** The hover of a plot: the trial under the pointer. */
import { formatNumber } from '../../src/model/text/format.ts';
import type { SeenTrial } from '../../src/model/trial/trial.ts';
import { flatParameters, valueText } from '../state/parameters.ts';
import { trialName } from '../state/trialStatus.ts';
import { t } from '../strings.ts';
import { ParameterMixUpMark } from './ParameterMixUpMark.tsx';
import { StatusIcon } from './StatusIcon.tsx';

/** The trial's details show the rest. */
const maxParameters = 12;

export function TrialHover({ row, lines }: { row: SeenTrial; lines: readonly [string, string][] }) {
  const parameters = [...flatParameters(row.parameters)];
  return (
    <>
      <div class="hover-title">
        <strong>{t('Trial {0}', trialName(row))}</strong> <StatusIcon status={row.status} words />
        <ParameterMixUpMark row={row} words />
      </div>
      <table>
        <tbody>
          {lines.map(([name, value]) => (
            <tr key={name} class="hover-value">
              <th>{name}</th>
              <td>{value}</td>
            </tr>
          ))}
          {parameters.slice(0, maxParameters).map(([name, value]) => (
            <tr key={name}>
              <th>{name}</th>
              <td>{valueText(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {parameters.length > maxParameters && (
        <div class="muted">{t('and {0} more', parameters.length - maxParameters)}</div>
      )}
      {row.message && <div class="hover-message">{row.message}</div>}
    </>
  );
}

export function numberLine(name: string, value: number): [string, string] {
  return [name, formatNumber(value)];
}
