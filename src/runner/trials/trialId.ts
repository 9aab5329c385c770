/** Makes ids of trials as NNI does (`ts/nni_manager/common/utils.ts`): five characters, the first a letter. */
import { randomInt } from 'node:crypto';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const characters = `${letters}0123456789`;

/** @param isTaken whether a trial of this experiment has the id */
export function newTrialId(isTaken: (id: string) => boolean): string {
  for (;;) {
    let id = letters[randomInt(letters.length)] ?? '';
    while (id.length < 5) id += characters[randomInt(characters.length)];
    if (!isTaken(id)) return id;
  }
}
