import assert from 'node:assert/strict';
import fc from 'fast-check';
import { pageHtml } from '../../../src/ui/panel/html.ts';
import { BadMessage, readMessage, readPageState } from '../../../src/ui/panel/messages.ts';

const resources = {
  cspSource: 'https://*.vscode-cdn.net',
  script: 'https://x/dist/webview.js',
  styles: ['https://x/dist/codicon.css', 'https://x/dist/webview.css'],
  language: 'en',
  context: { experimentId: '"><script>alert(1)</script>' },
};

describe("the panel's document", () => {
  it('allows one script by its nonce, no inline styles, no evaluation and nothing from elsewhere', () => {
    const html = pageHtml(resources);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    assert.match(policy, /^default-src 'none';/);
    assert.doesNotMatch(policy, /unsafe|connect-src|frame-src/);
    const nonce = /script-src 'nonce-([\w-]+)'/.exec(policy)?.[1];
    assert.ok(nonce && nonce.length >= 32);
    assert.ok(html.includes(`<script nonce="${nonce}" src="https://x/dist/webview.js">`));
    assert.equal(html.match(/<script/g)?.length, 1);
    assert.doesNotMatch(html, /style=|<style/);
  });

  it('has another nonce each time', () => {
    assert.notEqual(pageHtml(resources), pageHtml(resources));
  });
});

describe('messages from the page', () => {
  it('are accepted when they match the protocol', () => {
    assert.deepEqual(readMessage({ type: 'ready' }), { type: 'ready' });
    const kill = { type: 'request', id: 1, method: 'actOnTrials', params: { action: 'killTrial', trialIds: ['a'] } };
    assert.deepEqual(readMessage(kill), kill);
    const stop = { type: 'request', id: 2, method: 'act', params: { action: 'stopExperiment' } };
    assert.deepEqual(readMessage(stop), stop);
    const add = { type: 'request', id: 3, method: 'openLog', params: { name: 'manager' } };
    assert.deepEqual(readMessage(add), add);
  });

  it('are refused with their id when they do not match the protocol', () => {
    const wrong: [unknown, number | undefined][] = [
      [undefined, undefined],
      ['ready', undefined],
      [{ type: 'request', id: 'x', method: 'retryConnection' }, undefined],
      [{ type: 'request', id: 4, method: 'toString', params: null }, 4],
      [{ type: 'request', id: 4, method: '__proto__', params: null }, 4],
      [{ type: 'request', id: 5, method: 'actOnTrials', params: { action: 'killTrial', trialIds: [] } }, 5],
      [{ type: 'request', id: 5, method: 'actOnTrials', params: { action: 'killTrial', trialIds: ['a', 3] } }, 5],
      [
        { type: 'request', id: 6, method: 'readTrialLog', params: { trialId: 'a', name: '../../passwd', maxBytes: 9 } },
        6,
      ],
      [{ type: 'request', id: 7, method: 'act', params: { action: 'run' } }, 7],
    ];
    for (const [message, id] of wrong) {
      assert.throws(
        () => readMessage(message),
        (error) => error instanceof BadMessage && error.id === id,
        JSON.stringify(message),
      );
    }
  });

  it('never break the host, whatever their content', () => {
    fc.assert(
      fc.property(fc.anything(), (message) => {
        try {
          readMessage(message);
        } catch (error) {
          assert.ok(error instanceof BadMessage);
        }
        readPageState(message);
      }),
    );
  });

  it('a stored state of this version yields its experiment; others yield nothing', () => {
    const state = {
      ...{ version: 1, connectionId: 'local', experimentId: 'e', tab: 'trials', selectedTrial: 't', metricKey: 'x' },
      ...{ sort: null, curves: { count: 8, logScale: false } },
    };
    assert.deepEqual(readPageState(state), { connectionId: 'local', experimentId: 'e', selectedTrial: 't' });
    assert.equal(readPageState({ ...state, version: 2 }), undefined);
    assert.equal(readPageState({ ...state, experimentId: 7 }), undefined);
    assert.equal(readPageState(undefined), undefined);
  });
});
