import assert from 'node:assert/strict';
import fc from 'fast-check';
import { experimentTooltip, trialTooltip } from '../../../src/ui/explorer/details.ts';
import { Labels } from '../../../src/ui/explorer/labels.ts';
import { nodeId, parentOf, type TreeNode, trialNode } from '../../../src/ui/explorer/nodes.ts';
import { escapeMarkdown } from '../../../src/ui/markdown.ts';
import { summary, trial } from '../../fixtures/builders.ts';

const labels = new Labels(
  (message) => message,
  'en',
  () => 0,
);

describe('text from trials in the tree', () => {
  it('has no mark left that Markdown would read', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const escaped = escapeMarkdown(text);
        assert.ok(!/[\r\n]/.test(escaped));
        assert.doesNotMatch(escaped.replace(/\\[!-/:-@[-`{-~]/g, ''), /[!-/:-@[-`{-~]/);
      }),
    );
  });

  it('cannot leave its cell of a hover, whatever a parameter is called', () => {
    const evil = '](command:x) | <img src=x> $(bug) `\n# big';
    // What Markdown reads: escaped marks are plain text to it.
    const marks = (markdown: string) => markdown.replace(/\\[!-/:-@[-`{-~]/g, '');
    const text = trialTooltip(
      trial(1, { parameters: { [evil]: evil }, message: evil, final: JSON.stringify(evil) }),
      summary(),
      labels,
      0,
    );
    assert.doesNotMatch(marks(text), /[<$`#()[\]]/);
    const row = text.split('\n').find((line) => line.includes('bug') && line.startsWith('|'));
    assert.equal(row?.replace(/\\\|/g, '').split('|').length, 4, 'two cells, three borders');
    const named = experimentTooltip(summary({ name: evil, errors: [evil] }), labels, 0);
    assert.doesNotMatch(marks(named), /[<$`#()[\]]/);
  });

  it('gives each row an id of its own', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(fc.string(), fc.string()), { selector: String }), (pairs) => {
        const keys = pairs.map(([experimentId, trialId]) => JSON.stringify([experimentId, trialId]));
        const ids = pairs.map(([experimentId, trialId]) => nodeId(trialNode('local', experimentId, trialId)));
        assert.equal(new Set(ids).size, new Set(keys).size);
      }),
    );
  });

  it('every row but a connection has a parent, up to a connection', () => {
    const value: TreeNode = {
      kind: 'value',
      connectionId: 'c',
      experimentId: 'e',
      trialId: 't',
      section: 'metrics',
      key: 'k',
    };
    const kinds: string[] = [];
    for (let node = parentOf(value); node; node = parentOf(node)) kinds.push(node.kind);
    assert.deepEqual(kinds, ['section', 'trial', 'experiment', 'connection']);
  });
});
