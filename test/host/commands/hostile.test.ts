/** What a server that means harm says stays text in every message, question, pick, prompt and progress of the commands. */
import assert from 'node:assert/strict';
import { type InputBoxOptions, type QuickPickItem, ThemeIcon, TreeItemCollapsibleState, Uri } from 'vscode';
import { deleteExperiment } from '../../../src/ui/commands/deleteExperiment.ts';
import { stopExperiment } from '../../../src/ui/commands/lifecycle.ts';
import { updateLimit } from '../../../src/ui/commands/limits.ts';
import { Refusal } from '../../../src/ui/commands/refusal.ts';
import { tell } from '../../../src/ui/commands/tell.ts';
import { copyParameters, killTrial } from '../../../src/ui/commands/trials.ts';
import { trialTooltip } from '../../../src/ui/explorer/details.ts';
import { Labels } from '../../../src/ui/explorer/labels.ts';
import { type Log, l10n, setTooltip, treeItem } from '../../../src/ui/window.ts';
import { answer, type Call, reference, runningExperiment, runningTrial, world } from './fakes.ts';

const evil = '[Details](command:workbench.action.terminal.new) $(bug) \u001b]0;x\u0007 \u202egpj.exe\nNext';

/** Every text that VS Code was given, however deep. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, entry]) => (key === 'trial' || key === 'target' ? [] : textsOf(entry)));
}

function assertPlain(asked: readonly Call[]): void {
  const texts = asked.flatMap((call) => textsOf(call.slice(1)));
  assert.ok(
    texts.some((text) => text.includes('[Details] (command:')),
    'it is said',
  );
  for (const text of texts) {
    assert.doesNotMatch(text, /\]\((https?|command|file):/i);
    assert.doesNotMatch(text, /\$\(bug\)/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  }
}

describe('words of a hostile server', () => {
  let dialogs: ReturnType<typeof answer> | undefined;
  const answering = (answers: Parameters<typeof answer>[0]) => {
    dialogs = answer(answers);
    return dialogs.asked;
  };
  afterEach(() => dialogs?.restore());

  const log = { info() {}, error() {}, show() {} } as unknown as Log;
  const named = (change = {}) => runningExperiment({ name: evil, errors: [evil], directory: evil, ...change });
  const rows = [runningTrial(0, { message: evil, parameters: { [evil]: evil } }), runningTrial(1, { message: evil })];

  it('are text in notifications', async () => {
    const asked = answering({ showErrorMessage: () => undefined, showWarningMessage: () => undefined });
    await tell(new Error(`Could not stop: ${evil}`), log, 'stopExperiment');
    await tell(new Refusal(l10n.t('{0} is not running.', evil)), log, 'stopExperiment');
    await tell(new Refusal(evil), log, 'stopExperiment');
    assert.equal(asked.length, 3);
    assertPlain(asked);
  });

  it('are text in questions and progress', async () => {
    const asked = answering({
      showWarningMessage: (...args: unknown[]) => args.at(-1),
      withProgress: (_options: never, work: () => unknown) => work(),
    } as Parameters<typeof answer>[0]);
    await stopExperiment(world(named()).services, reference);
    await killTrial(world(named(), rows).services, { ...reference, trialId: 'T0' });
    await deleteExperiment(world(named({ live: false, status: 'STOPPED' })).services, reference);
    assert.ok(asked.some(([name]) => name === 'withProgress'));
    assertPlain(asked);
  });

  it('are text in picks and input boxes', async () => {
    const asked = answering({
      showQuickPick: (items: readonly QuickPickItem[]) => items[0],
      showInputBox: (options: InputBoxOptions) => options.value,
    } as Parameters<typeof answer>[0]);
    await copyParameters(world(named(), rows).services, reference);
    await updateLimit('concurrency')(world(named()).services, reference);
    assertPlain(asked);
  });

  it('are text in rows of the tree and their hovers', () => {
    const labels = new Labels(l10n.t, 'en');
    const row = labels.experiment(named());
    const item = treeItem(row, 'id', TreeItemCollapsibleState.None);
    setTooltip(item, trialTooltip(rows[0] ?? runningTrial(0), named(), labels, 0));
    assert.ok(typeof item.tooltip === 'object');
    const { isTrusted, supportHtml, supportThemeIcons, value } = item.tooltip;
    assert.deepEqual([isTrusted, supportHtml, supportThemeIcons], [false, false, false]);
    assert.doesNotMatch(value.replace(/\\[!-/:-@[-`{-~]/g, ''), /[<$`#()[\]]/);
    const { label, description, accessibilityInformation } = item;
    assertPlain([['treeItem', label, description, accessibilityInformation?.label]]);
    assert.ok(item.iconPath instanceof ThemeIcon || item.iconPath instanceof Uri);
  });
});
