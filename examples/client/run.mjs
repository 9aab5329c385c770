// Runs the quickstart's search from a program instead of an editor: `npm run build`, then `node examples/client/run.mjs`.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Experiment } from 'trialdeck';

const config = fileURLToPath(new URL('../quickstart/config.yml', import.meta.url));
// Where experiments are kept, how many trials there may be, and the file for the results.
const [experimentsDirectory, trials = '20', results = 'results.json'] = process.argv.slice(2);

// Ctrl-C ends the waiting; the experiment is stopped below.
const leave = new AbortController();
process.once('SIGINT', () => leave.abort(new Error('interrupted')));

const experiment = new Experiment(experimentsDirectory ? { experimentsDirectory } : {});
await experiment.startExperiment(config, {
  onBackend: ({ backend, reason }) => console.log(`${backend}: ${reason}`),
});
try {
  console.log(`experiment ${experiment.id} at ${experiment.endpoint}`);
  await experiment.updateTrialnum(Number(trials));
  await experiment.updateConcurrency(4);

  const done = await experiment.waitCompletion({
    signal: leave.signal,
    onStatus: (status) => console.log(`status: ${status}`),
  });
  console.log(done ? 'done' : (await experiment.getExperimentStatus()).errors.join('\n'));

  for (const { trialJobStatus, trialJobNumber } of await experiment.getJobStatistics()) {
    console.log(`${trialJobNumber} trials ${trialJobStatus}`);
  }
  for (const trial of await experiment.listTrialJobs()) {
    console.log(`trial ${trial.sequenceId}: ${trial.status}`, trial.hyperParameters?.[0]?.parameters);
  }
  const exported = await experiment.exportData();
  // This example's trials report {"default": accuracy, "loss": …}.
  const [best] = exported.toSorted((a, b) => b.value.default - a.value.default);
  console.log('best:', best);
  await writeFile(results, `${JSON.stringify(exported, null, 2)}\n`);
  console.log(`${exported.length} results in ${results}`);
} finally {
  await experiment.stopExperiment();
}
