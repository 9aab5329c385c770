/** Changes the search space of a running experiment from a file: shows the difference, asks, sends. */
import { basename } from 'node:path';
import { commands, TabInputTextDiff, Uri, window } from 'vscode';
import { messageOf } from '../../model/text/messageOf.ts';
import { withIcon } from '../../model/text/plainText.ts';
import { mentionsSpace, spaceOfFile } from '../editor/spaceOfFile.ts';
import { l10n, pick, pickFile, showDone } from '../window.ts';
import { exists } from './exists.ts';
import { Dismissed, Refusal, requireAnswer } from './refusal.ts';
import type { Services } from './services.ts';
import type { SpaceDocuments } from './spaceDocuments.ts';
import { spaceText } from './spaceText.ts';
import { currentSpace, experimentTarget, type Target } from './target.ts';

export function updateSearchSpace(documents: SpaceDocuments) {
  return async (services: Services, ...args: unknown[]): Promise<void> => {
    const target = await experimentTarget(services, args, {
      action: 'update',
      placeHolder: l10n.t('Change the search space of which experiment?'),
    });
    const { summary } = target;
    const file = await spaceFile(target);
    const next = await spaceOfFile(file).catch((error: unknown) => {
      throw new Refusal(messageOf(error));
    });
    const now = await currentSpace(services, target);
    const name = basename(file.fsPath);
    if (spaceText(next) === spaceText(now)) {
      throw new Refusal(l10n.t('{0} uses the search space of {1} already.', summary.name, name));
    }
    const compared = documents.put(summary.name, `${target.experimentId}-next`, spaceText(next));
    await commands.executeCommand(
      'vscode.diff',
      documents.put(summary.name, `${target.experimentId}-now`, spaceText(now)),
      compared,
      l10n.t('{0}: search space now ↔ {1}', summary.name, name),
      { preview: true },
    );
    const use = withIcon('check', l10n.t('Use the new search space'));
    const picked = await requireAnswer(
      pick(
        [
          { label: use, detail: l10n.t('New trials are drawn from it; those that run go on as they are.') },
          { label: withIcon('close', l10n.t('Keep the one that is used now')) },
        ],
        {
          title: l10n.t('Change the search space of {0}?', summary.name),
          placeHolder: l10n.t('The editor shows what differs'),
          ignoreFocusOut: true,
        },
      ),
    );
    if (picked.label !== use) throw new Dismissed();
    await services.store.client(target.connectionId, target.experimentId).updateSearchspace(next);
    await closeComparison(compared);
    showDone(withIcon('check', l10n.t('{0} uses the search space of {1}', summary.name, name)));
  };
}

/** Closes the comparison in whichever editor group it is: the user may have moved on. */
async function closeComparison(next: Uri): Promise<void> {
  const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
  const shown = tabs.filter(
    ({ input }) => input instanceof TabInputTextDiff && input.modified.toString() === next.toString(),
  );
  await window.tabGroups.close(shown, true);
}

/** The active file when it has a search space, else the experiment's own file, else the user's pick. */
async function spaceFile(target: Target): Promise<Uri> {
  const document = window.activeTextEditor?.document;
  if (document && ['yaml', 'json', 'jsonc'].includes(document.languageId) && document.uri.scheme === 'file') {
    if (document.isDirty) await document.save();
    // Use a file with errors, too: the user means it, and the errors are reported.
    if (mentionsSpace(document.getText())) return document.uri;
  }
  const { configFile, name } = target.summary;
  if (configFile !== undefined) {
    const uri = Uri.file(configFile);
    if (await exists(uri)) return uri;
  }
  const [picked] = await requireAnswer(
    pickFile({
      title: l10n.t('Search space for {0}', name),
      openLabel: l10n.t('Compare'),
      filters: { [l10n.t('Search space or config')]: ['json', 'yml', 'yaml'] },
    }),
  );
  if (!picked) throw new Dismissed();
  return picked;
}
