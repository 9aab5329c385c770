/** Exports the results of an experiment to a file. */
import { join } from 'node:path';
import { commands, Uri, workspace } from 'vscode';
import { type ExportFormat, exportText } from '../../model/files/exportText.ts';
import { plainText } from '../../model/text/plainText.ts';
import { WrittenRecords } from '../../model/trial/writtenRecords.ts';
import { l10n, type PickItem, pick, pickNewFile, showInformation, withProgress } from '../window.ts';
import { requireAnswer } from './refusal.ts';
import type { Services } from './services.ts';
import { experimentTarget } from './target.ts';

export async function exportResults(services: Services, ...args: unknown[]): Promise<void> {
  const target = await experimentTarget(services, args, {
    action: 'export',
    placeHolder: l10n.t('Export the results of which experiment?'),
  });
  const { summary } = target;
  const kinds: (PickItem & { format: ExportFormat; curves: boolean })[] = [
    { label: plainText('CSV'), description: l10n.t('one row a trial'), format: 'csv', curves: false },
    { label: l10n.t('CSV with curves'), description: l10n.t('one row a result'), format: 'csv', curves: true },
    { label: plainText('JSON'), description: l10n.t('parameters and results'), format: 'json', curves: false },
    {
      label: l10n.t('JSON with curves'),
      description: l10n.t('and every result in between'),
      format: 'json',
      curves: true,
    },
  ];
  const kind = await requireAnswer(pick(kinds, { placeHolder: l10n.t('Export {0} as', summary.name) }));
  const folder = workspace.workspaceFolders?.[0]?.uri.fsPath ?? summary.directory;
  const name = `${summary.name.replace(/[^\w.-]+/g, '-')}-results.${kind.format}`;
  const uri = await requireAnswer(
    pickNewFile({
      title: l10n.t('Export the results of {0}', summary.name),
      defaultUri: Uri.file(join(folder, name)),
      filters: { [kind.format.toUpperCase()]: [kind.format] },
    }),
  );
  const count = await withProgress(l10n.t('Exporting {0}…', summary.name), async () => {
    const model = services.store.experiment(target.connectionId, target.experimentId);
    await model?.loaded();
    const client = services.store.client(target.connectionId, target.experimentId);
    // Rows hold plain numbers, but Python reads `1.0` as a float and `1` as an int: export the written form.
    const records = new WrittenRecords(await client.trialJobInfos());
    const trials = [...(model?.trials.values() ?? [])]
      .sort((a, b) => a.row.number - b.row.number)
      .map(({ row, intermediates }) => ({
        row: { ...row, parameters: records.of(row) },
        intermediates: intermediates.text.map((text, index) => ({
          sequence: intermediates.sequence[index] ?? index,
          timestamp: intermediates.timestamp[index] ?? 0,
          text,
        })),
      }));
    await workspace.fs.writeFile(uri, new TextEncoder().encode(exportText(trials, kind.format, kind.curves)));
    return trials.length;
  });
  const open = l10n.t('Open');
  const message =
    count === 1
      ? l10n.t('1 trial was written to {0}.', uri.fsPath)
      : l10n.t('{0} trials were written to {1}.', count, uri.fsPath);
  // Not awaited: the command is done without an answer.
  void showInformation(message, open).then((answer) => {
    if (answer === open) void commands.executeCommand('vscode.open', uri);
  });
}
