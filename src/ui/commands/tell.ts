/** Reports a command's failure: once, in a message and in the log. */
import { commands } from 'vscode';
import { messageOf } from '../../model/text/messageOf.ts';
import { plainText } from '../../model/text/plainText.ts';
import { type Log, l10n, showError, showWarning } from '../window.ts';
import { Dismissed, Refusal } from './refusal.ts';

/** Shows and logs an error. Never rejects, and does not wait until the message is closed. */
export async function tell(error: unknown, log: Log, id: string): Promise<void> {
  if (error instanceof Dismissed) return;
  if (error instanceof Refusal) {
    const { remedy, message } = error;
    log.info(`${id}: ${message}`);
    const words = plainText(message);
    const shown = remedy ? showWarning(words, remedy.title) : showWarning(words);
    void shown.then((answer) => {
      if (remedy && answer === remedy.title) void commands.executeCommand(remedy.command, ...(remedy.args ?? []));
    });
    return;
  }
  log.error(`${id}:`, error);
  const showLog = l10n.t('Show Log');
  void showError(plainText(messageOf(error)), showLog).then((answer) => {
    if (answer === showLog) log.show();
  });
}
