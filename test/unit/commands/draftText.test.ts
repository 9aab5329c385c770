import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SearchSpace } from '../../../src/model/space/searchSpace.ts';
import { differences, parseDraft, startingParameters } from '../../../src/ui/commands/draftText.ts';

const space: SearchSpace = {
  lr: { _type: 'loguniform', _value: [0.0001, 0.1] },
  units: { _type: 'randint', _value: [4, 41] },
  momentum: { _type: 'uniform', _value: [0, 0.95] },
  activation: { _type: 'choice', _value: ['tanh', 'relu'] },
  layer: {
    _type: 'choice',
    _value: [{ _name: 'none' }, { _name: 'conv', kernel: { _type: 'choice', _value: [3, 5] } }],
  },
};
const good = { lr: 0.01, units: 16, momentum: 0.5, activation: 'relu', layer: { _name: 'conv', kernel: 3 } };

/** The text a problem underlines. */
function underlined(text: string): Record<string, string> {
  return Object.fromEntries(parseDraft(text, space).problems.map((p) => [text.slice(p.start, p.end), p.message]));
}

describe('a trial draft', () => {
  it('has no problems inside the search space', () => {
    const { parameters, problems } = parseDraft(JSON.stringify(good, null, 2), space);
    assert.deepEqual(problems, []);
    assert.deepEqual(parameters, good);
  });

  it('underlines values outside of the space, and names the range', () => {
    const text = JSON.stringify({ ...good, lr: 3, units: 41, activation: 'gelu', momentum: 'high' }, null, 2);
    assert.deepEqual(underlined(text), {
      3: 'lr: 3 is outside of 0.0001 to 0.1.',
      41: 'units: 41 is outside of 4 to 40.',
      '"gelu"': 'activation: "gelu" is none of "tanh", "relu".',
      '"high"': 'momentum: "high" is no number.',
    });
  });

  it('looks into nested choices', () => {
    const text = JSON.stringify({ ...good, layer: { _name: 'conv', kernel: 7 } }, null, 2);
    assert.deepEqual(underlined(text), { 7: 'kernel: 7 is none of 3, 5.' });
    const unknown = differences(space, { ...good, layer: { _name: 'pool' } });
    assert.equal(unknown[0]?.message, 'layer: {"_name":"pool"} is none of none, conv.');
  });

  it('warns of missing and unknown parameters, and lets them run', () => {
    const { momentum, ...rest } = good;
    const { parameters, problems } = parseDraft(JSON.stringify({ ...rest, momentun: momentum }), space);
    assert.deepEqual(
      problems.map((problem) => [problem.severity, problem.message]),
      [
        ['warning', 'momentun is not in the search space.'],
        ['warning', 'momentum is missing; the trial script may need it.'],
      ],
    );
    assert.ok(parameters);
  });

  it('keeps whole floats, even when the space holds plain numbers', () => {
    const choices: SearchSpace = {
      f: { _type: 'choice', _value: [0.5, 1] },
      q: { _type: 'quniform', _value: [0, 4, 1] },
    };
    const { parameters, problems } = parseDraft('{"f": 1.0, "q": 2.0}', choices);
    assert.deepEqual(problems, []);
    assert.equal(JSON.stringify(parameters), '{"f":1.0,"q":2.0}');
    assert.equal(JSON.stringify(startingParameters({ q: choices.q ?? assert.fail() })), '{"q":2.0}');
  });

  it('is refused when it is not a JSON object', () => {
    for (const text of ['', '{ "lr": }', '[1]', '12', 'lr: 3', '{"lr": NaN}']) {
      const { parameters, problems } = parseDraft(text, space);
      assert.equal(parameters, undefined, text);
      assert.equal(problems[0]?.severity, 'error', text);
    }
  });

  it('never fails, and places every problem inside the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        for (const { start, end } of parseDraft(text, space).problems) {
          assert.ok(start >= 0 && start <= end && end <= Math.max(1, text.length));
        }
      }),
    );
  });
});

describe('values to start a new trial from', () => {
  it('lie in the search space', () => {
    assert.deepEqual(differences(space, startingParameters(space)), []);
    assert.deepEqual(startingParameters(space).layer, { _name: 'none' });
  });

  it('lie in any range', () => {
    const bounds = fc
      .tuple(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.double({ min: 1.01, max: 1e3, noNaN: true }))
      .map(([low, factor]) => [low, low * factor] as const);
    fc.assert(
      fc.property(fc.constantFrom('uniform' as const, 'loguniform' as const), bounds, (_type, _value) => {
        const x: SearchSpace = { x: { _type, _value } };
        assert.deepEqual(differences(x, startingParameters(x)), []);
      }),
    );
  });
});
