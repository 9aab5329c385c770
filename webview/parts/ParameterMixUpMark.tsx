/** The mark of a trial that NNI gave another trial's parameters, and the table of used and recorded values. */
import type { SeenTrial } from '../../src/model/trial/trial.ts';
import { Icon } from '../controls/controls.tsx';
import { flatParameters, valueText } from '../state/parameters.ts';
import { t } from '../strings.ts';

/** The explanation, which NNI does not give. */
export function mixUpSentence(): string {
  return t(
    'NNI hands parameters to whichever trial asks first, and recorded others for this one. Everything shown here is what it ran with.',
  );
}

/** An icon with a tooltip. @param words also shows a word */
export function ParameterMixUpMark({ row, words = false }: { row: SeenTrial; words?: boolean }) {
  if (!row.recordedParameters) return null;
  const word = t('mixed up');
  return (
    <span class="mix-up-mark" title={mixUpSentence()}>
      <span
        class="codicon codicon-arrow-swap"
        {...(words ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': word })}
      />
      {words && <span>{word}</span>}
    </span>
  );
}

/** The parameters that differ, side by side. */
export function ParameterMixUp({ row }: { row: SeenTrial }) {
  if (!row.recordedParameters) return null;
  const ran = flatParameters(row.parameters);
  const recorded = flatParameters(row.recordedParameters);
  const names = [...new Set([...ran.keys(), ...recorded.keys()])].filter(
    (name) => JSON.stringify(ran.get(name)) !== JSON.stringify(recorded.get(name)),
  );
  return (
    <section class="mix-up" aria-label={t('Parameters that NNI mixed up')}>
      <p>
        <Icon name="arrow-swap" />
        <span>{mixUpSentence()}</span>
      </p>
      <div class="scroll-x">
        <table>
          <thead>
            <tr>
              <th scope="col">{t('parameter')}</th>
              <th scope="col">{t('ran with')}</th>
              <th scope="col">{t('NNI recorded')}</th>
            </tr>
          </thead>
          <tbody>
            {names.map((name) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{cellText(ran, name)}</td>
                <td class="muted">{cellText(recorded, name)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function cellText(flat: ReadonlyMap<string, unknown>, name: string): string {
  return flat.has(name) ? valueText(flat.get(name)) : '–';
}
