import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { redrawLine, writeJson, writeText } from '../../../src/cli/terminal.ts';

function written(write: (stream: PassThrough) => void): string {
  const stream = new PassThrough({ encoding: 'utf8' });
  write(stream);
  return String(stream.read());
}

describe('what the command line writes', () => {
  const evil = 'spirals\u001b]0;owned\u0007\u001b[2A\u009b2K \u202egpj.exe';

  it('moves no cursor and reverses nothing, and keeps its columns', () => {
    assert.equal(
      written((stream) => writeText(stream, `id   name\nx    ${evil}\r\nlast`)),
      'id   name\nx    spirals  gpj.exe\nlast\n',
    );
    assert.equal(
      written((stream) => redrawLine(stream, `1/2\n${evil}`)),
      '\r\u001b[2K1/2 spirals  gpj.exe',
    );
  });

  it('is the same document as JSON, without a character that a terminal acts on', () => {
    const text = written((stream) => writeJson(stream, { name: evil, value: Number.NaN }));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    assert.deepEqual(JSON.parse(text), { name: evil, value: 'NaN' });
  });
});
