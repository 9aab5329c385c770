/** Waiting for the end of an experiment, on servers that tell of it in their own ways. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import { StalledError, UnreachableError } from '../../../src/client/errors.ts';
import { Experiment } from '../../../src/client/experiment.ts';
import type { ExperimentStatus } from '../../../src/model/experiment/experiment.ts';
import { Scene } from './scene.ts';

describe('Waiting for the end of an experiment', () => {
  let scene: Scene;
  let experiment: Experiment;

  beforeEach(async () => {
    scene = await new Scene().open();
    experiment = Experiment.at(scene.address);
  });
  afterEach(async () => {
    experiment.dispose();
    await scene.close();
  });

  /** Says these statuses in turn, the last one for ever, with these numbers of trials and these logs. */
  function server(
    statuses: readonly string[],
    counts: Record<string, number>,
    logs: Record<string, string> = {},
  ): void {
    let at = 0;
    scene.answer = ({ url = '' }, response) => {
      const numbers = Object.entries(counts).map(([trialJobStatus, trialJobNumber]) => ({
        trialJobStatus,
        trialJobNumber,
      }));
      const log = /^\/logs\/([\w.]+)/.exec(url)?.[1];
      if (url.endsWith('/check-status')) {
        const status = statuses[Math.min(at++, statuses.length - 1)];
        response.end(JSON.stringify({ status, errors: [] }));
      } else if (url.endsWith('/job-statistics')) response.end(JSON.stringify(numbers));
      else if (log !== undefined && log in logs) response.end(logs[log]);
      else response.writeHead(200, { 'content-type': 'application/json' }).end('<html>NNI</html>');
    };
  }
  const wait = (seen: ExperimentStatus[] = []) =>
    experiment.waitCompletion({ interval: 1, onStatus: (status) => seen.push(status) });

  it('resolves true at DONE and false at ERROR', async () => {
    server(['INITIALIZED', 'RUNNING', 'RUNNING', 'NO_MORE_TRIAL', 'DONE'], { RUNNING: 1 });
    const seen: ExperimentStatus[] = [];
    assert.equal(await wait(seen), true);
    assert.deepEqual(seen, ['INITIALIZED', 'RUNNING', 'NO_MORE_TRIAL', 'DONE']);
    server(['RUNNING', 'ERROR'], { RUNNING: 1 });
    assert.equal(await wait(), false);
  });

  it('ends when the tuner has no more trials, although NNI goes on for ever', async () => {
    server(['RUNNING', 'TUNER_NO_MORE_TRIAL'], { SUCCEEDED: 2 });
    assert.equal(await wait(), true);
  });

  it('fails with the reason when the tuner is dead, although NNI reports RUNNING', async () => {
    const dispatcher = readFileSync(
      join(projectRoot, 'test/fixtures/nni-3.0/defects/mixedUp/log/dispatcher.log'),
      'utf8',
    );
    server(['RUNNING'], { SUCCEEDED: 3 }, { 'dispatcher.log': dispatcher });
    await assert.rejects(wait(), (error) => {
      assert.ok(error instanceof StalledError);
      assert.match(error.message, /^Could not wait for the end: the experiment at http.* is stalled\. /);
      assert.ok(error.reason.length > 20);
      return true;
    });
  });

  it('goes on while no trial runs and the logs show no fault', async () => {
    server([...Array.from({ length: 40 }, () => 'RUNNING'), 'DONE'], {});
    assert.equal(await wait(), true);
    assert.ok(scene.requests.some((request) => request.includes('/logs/')));
  });

  it('ends when the server ends, and when it is aborted', async () => {
    server(['RUNNING'], { RUNNING: 1 });
    const waiting = wait();
    await scene.nextRequest();
    await scene.close();
    await assert.rejects(waiting, UnreachableError);
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(experiment.waitCompletion({ signal }), /enough/);
  });
});
