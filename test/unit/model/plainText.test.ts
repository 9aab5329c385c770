import assert from 'node:assert/strict';
import fc from 'fast-check';
import { joinPlain, plainLines, plainText, printable, printableLines } from '../../../src/model/text/plainText.ts';

/**
 * What VS Code 1.105 reads as a link in notifications, prompts and progress (`LINK_REGEX` in `vs/base/common/linkedText.ts`), and
 * as an icon in labels (`iconsRegex` in `vs/base/common/iconLabels.ts`).
 */
const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/gi;
const icon = /(\\)?\$\([A-Za-z0-9-]+(?:~[A-Za-z]+)?\)/g;

function assertPlain(text: string): void {
  assert.doesNotMatch(text, link, text);
  assert.doesNotMatch(text, icon, text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029]/);
}

describe('text from another machine', () => {
  const hostile = [
    '[Show Details](command:workbench.action.terminal.sendSequence?%7B%22text%22%3A%22id%22%7D)',
    '[x](https://evil.example)',
    '[x](FILE:///etc/passwd "title")',
    '[x]\u001b[0m(command:y)',
    '[x]\u200e(command:y)',
    '[[x](command:y)](command:z)',
    '$(error) Trialdeck',
    '$\u001b[1m(bug)',
    '$($(bug)bug)',
    '\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007',
    '\u001b]52;c;cm0gLXJmIH4=\u001b\\',
    '\u009b31mred',
    '\u001b\u001b[m[31mred',
    'exe.\u202egpj',
    'one\r\ntwo\u2028three',
  ];

  it('has no link or icon for VS Code, and moves nothing in a terminal', () => {
    for (const text of hostile) assertPlain(plainText(text));
  });

  it('stays harmless when parts of it are joined', () => {
    assertPlain(joinPlain([plainText('[x]'), plainText('(command:y)')], ''));
    assertPlain(joinPlain([plainText('$'), plainText('(bug)')], ''));
    assertPlain(plainLines(hostile));
  });

  it('stays harmless for any characters', () => {
    const pieces = fc.constantFrom(
      '[',
      ']',
      '(',
      ')',
      '$',
      'a',
      'command:',
      'https://',
      '\u001b',
      '\\',
      '\u0007',
      ' ',
      '"',
      '\u202e',
      '\n',
    );
    fc.assert(fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => assertPlain(plainText(parts.join('')))));
  });

  it('stays readable', () => {
    assert.equal(plainText('[Show](command:x)'), '[Show] (command:x)');
    assert.equal(plainText('$(nproc) is 4'), '$ (nproc) is 4');
    assert.equal(plainText('\u001b[1;31mValueError\u001b[0m: lr must be > 0'), 'ValueError: lr must be > 0');
    assert.equal(plainText('a\u0000b\u202ecod\r\n\tx  y'), 'a b cod x y');
    assert.equal(
      plainText('lr 6.5e-4, β=0.9, 学习率, 👩‍🔬 [0, 1] f(x) $5'),
      'lr 6.5e-4, β=0.9, 学习率, 👩‍🔬 [0, 1] f(x) $5',
    );
  });

  it('is cut when it is long', () => {
    assert.equal(plainText('x'.repeat(500), 10), `${'x'.repeat(9)}…`);
    assert.equal(plainText('x'.repeat(20_000_000)).length, 1000);
    assert.equal(plainText('aaaa👩👩👩', 6), 'aaaa…');
    assert.equal(plainLines(Array.from({ length: 500 }, String)).split('\n').length, 41);
  });

  it('does not change when it is cleaned twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        assert.equal(plainText(plainText(text)), plainText(text));
      }),
    );
  });

  it('keeps the lines of a stack apart, for a log', () => {
    assert.equal(printable(' \u001b[31mred\u001b[0m '), 'red');
    assert.deepEqual(printableLines('Error: x\r\n    at f (a.ts:1)\n\u001b[2Kforged'), [
      'Error: x',
      '    at f (a.ts:1)',
      'forged',
    ]);
  });
});
