import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';

/** The one file that hands text to VS Code; it takes `PlainText`, `IconText` and `Markdown`, and no `string`. */
const exit = 'src/ui/window.ts';
/** The one file that hands text to a terminal. */
const terminalExit = 'src/cli/terminal.ts';

/** Everything in VS Code's interface that shows a text of the caller's. */
const shows = [
  /\bshow(Information|Warning|Error)Message\b/,
  /\bshowQuickPick\b|\bcreateQuickPick\b/,
  /\bshowInputBox\b|\bcreateInputBox\b/,
  /\bshow(Open|Save)Dialog\b/,
  /\bwindow\.withProgress\b|\bprogress\.report\b/,
  /\bsetStatusBarMessage\b|\bcreateStatusBarItem\b/,
  /\bcreateOutputChannel\b/,
  /\bcreateTerminal\b|\bsendText\b/,
  /\bcreateWebviewPanel\b/,
  /\bnew (MarkdownString|TreeItem|CodeLens|Diagnostic|Hover|InlayHint)\b/,
  /\bMarkdownString\b/,
  /\.(tooltip|message|badge|title|description|label|accessibilityInformation|placeholder|prompt|validationMessage) = /,
  /\bl10n\b[^;]*from 'vscode'/,
];

const files = readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `src/${file.replaceAll('\\', '/')}`);
const read = (file: string) => readFileSync(join(projectRoot, file), 'utf8');
/** Without comments. */
const code = (file: string) => read(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

describe('text that leaves the extension', () => {
  it('goes through one file', () => {
    const withVscode = files.filter((file) => file !== exit && /from 'vscode'/.test(read(file)));
    assert.ok(withVscode.length > 20, 'the files are found');
    const found = withVscode.flatMap((file) =>
      shows.filter((pattern) => pattern.test(code(file))).map((pattern) => `${file}: ${pattern}`),
    );
    assert.deepEqual(found, []);
  });

  it('is not a bare string there', () => {
    const offending = code(exit)
      .split('\n')
      .filter((line) =>
        /\b(message|detail|question|title|prompt|tooltip|spoken|label|description|placeHolder)\??: string\b/.test(line),
      )
      .filter((line) => !/^\s*t\(message: string/.test(line));
    assert.deepEqual(offending, []);
  });

  it('is made plain by casts in two files only', () => {
    const casting = files.filter((file) => /\bas (PlainText|IconText|Markdown)\b/.test(code(file)));
    assert.deepEqual(casting.toSorted(), ['src/model/text/plainText.ts', 'src/ui/markdown.ts']);
  });

  it('goes through one file on the command line, too', () => {
    const writing = files
      .filter((file) => /^src\/cli[./]/.test(file))
      .filter((file) => /(?<!session)\.write\(|\bconsole\./.test(code(file)));
    assert.deepEqual(writing, [terminalExit]);
  });
});
