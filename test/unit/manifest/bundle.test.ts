import assert from 'node:assert/strict';
import { extensionFiles } from '../../../scripts/build.ts';
import { readAtStart } from '../../../scripts/buildExtension.ts';

/** Bytes that VS Code may read before the extension is active; its time to start follows them. */
const maxBytesAtStart = 120_000;

describe("the extension's bundle", () => {
  it('is small in the part that VS Code reads before activation', async () => {
    const files = await extensionFiles({ production: true });
    const read = readAtStart(files);
    const bytes = read.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    console.log(`      ${bytes} bytes in ${read.length} files of ${files.length}`);
    assert.ok(bytes <= maxBytesAtStart, `${bytes} bytes`);
    // What speaks to servers, runs commands, fills panels and reads configs comes later.
    const names = read.map(({ name }) => name).join(' ');
    assert.doesNotMatch(names, /extension-(client|functions|panelParts|readConfig|configPlace|nnictl)-/);
    assert.match(files.map(({ name }) => name).join(' '), /extension-functions-/);
  });
});
