/** The icon of a trial's state: a shape in the state's colour. */
import type { SeenStatus } from '../../src/model/trial/trial.ts';
import { kindIcon, kindOf, statusWord } from '../state/trialStatus.ts';

export function StatusIcon({ status, words = false }: { status: SeenStatus; words?: boolean }) {
  const kind = kindOf[status];
  const word = statusWord(status);
  return (
    <span class={`status tone-${kind}`}>
      <span
        class={`codicon codicon-${kindIcon(kind)} ${kind === 'running' ? 'turning' : ''}`}
        {...(words ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': word, title: word })}
      />
      {words && <span>{word}</span>}
    </span>
  );
}
