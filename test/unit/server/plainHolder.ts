/**
 * A program that is not a runner, but runs an experiment by itself: it holds it, writes a trial, and goes on until it is told
 * to end. Started with the experiments folder and an id.
 */
import { holdFromScript } from './holdFromScript.ts';

const [root = '', id = ''] = process.argv.slice(2);
const experiment = await holdFromScript(root, id);
experiment.storeTrial('first', '0.5');
process.send?.('ready');
process.once('message', async () => {
  await experiment.close();
  process.disconnect();
});
