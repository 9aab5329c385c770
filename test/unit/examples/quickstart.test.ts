import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import {
  decodeFrames,
  metricBytes,
  newTrial,
  python,
  removeTemporaryFolders,
  trialLog,
} from '../trialSdk/trialProcess.ts';

const quickstart = fileURLToPath(new URL('../../../examples/quickstart', import.meta.url));

describe('the quickstart example', function () {
  this.timeout(120_000);
  after(removeTemporaryFolders);

  /** Runs one trial as an experiment would, and gives its results. */
  async function results(parameters: Record<string, unknown>): Promise<{ intermediate: number[]; final: number }> {
    const trial = await newTrial(parameters);
    const outcome = await python([join(quickstart, 'trial.py')], trial.env);
    assert.deepEqual(outcome, { exitCode: 0, stdout: '', stderr: '' });
    const metrics = decodeFrames(await metricBytes(trial));
    const values = metrics.map((metric) => JSON.parse(metric.value) as { default: number; loss: number });
    for (const { default: accuracy, loss } of values) assert.ok(accuracy >= 0 && accuracy <= 1 && loss >= 0);
    assert.deepEqual(metrics.map((metric) => metric.type).slice(-2), ['PERIODICAL', 'FINAL']);
    assert.deepEqual(values.at(-1), values.at(-2));
    assert.match(await trialLog(trial), /PRINT epoch 50: accuracy [01]\.\d{3}, loss \d/);
    return {
      intermediate: values.slice(0, -1).map((value) => value.default),
      final: values.at(-1)?.default ?? Number.NaN,
    };
  }

  it('learns the spirals with good parameters and gets stuck with bad ones', async () => {
    const good = await results({
      learning_rate: 0.2,
      momentum: 0.8,
      hidden_units: 32,
      activation: 'tanh',
      batch_size: 16,
    });
    assert.equal(good.intermediate.length, 50);
    assert.ok(good.final > 0.95, `${good.final}`);
    assert.ok(good.final - Number(good.intermediate[0]) > 0.2, 'the curve rises');
    const bad = await results({
      learning_rate: 0.002,
      momentum: 0,
      hidden_units: 5,
      activation: 'relu',
      batch_size: 64,
    });
    assert.ok(bad.final < 0.7, `${bad.final}`);
  });

  it('gives the same result for the same parameters', async () => {
    const parameters = { learning_rate: 0.5, momentum: 0.5, hidden_units: 4, activation: 'sigmoid', batch_size: 64 };
    assert.deepEqual(await results(parameters), await results(parameters));
  });

  it('stays finite in every corner of its search space', async () => {
    const config = parse(await readFile(join(quickstart, 'config.yml'), 'utf8'));
    const { learning_rate, momentum, activation } = config.searchSpace;
    assert.equal(Object.keys(config.searchSpace).length, 5);
    for (const name of activation._value) {
      const corner = { learning_rate: learning_rate._value[1], momentum: momentum._value[1], hidden_units: 10 };
      await results({ ...corner, activation: name, batch_size: 64 });
      await results({ ...corner, activation: name, batch_size: 4 });
    }
  });
});
