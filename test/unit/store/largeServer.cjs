/** A thread that answers as an NNI with many trials does, so that its work is not taken for that of who reads. */
const { createServer } = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');

const { trials, points } = workerData;
const jobs = [];
const metrics = [];
for (let number = 0; number < trials; number++) {
  const trialJobId = `T${number}`;
  const parameters = { lr: number / trials, hidden: 64, activation: 'relu', dropout: 0.25, layers: 3 };
  const record = { parameter_id: number, parameter_source: 'algorithm', parameters, parameter_index: 0 };
  const startTime = 1_790_000_000_000 + number * 1000;
  const metric = (type, sequence, value) => ({
    timestamp: startTime + sequence,
    trialJobId,
    parameterId: String(number),
    type,
    sequence,
    data: JSON.stringify(String(value)),
  });
  for (let step = 0; step < points - 1; step++) metrics.push(metric('PERIODICAL', step, Math.sin(number + step)));
  const final = metric('FINAL', 0, number / 7);
  metrics.push(final);
  jobs.push({
    trialJobId,
    status: 'SUCCEEDED',
    hyperParameters: [JSON.stringify(record)],
    startTime,
    logPath: `/home/user/nni-experiments/large123/environments/local-env/trials/${trialJobId}`,
    sequenceId: number,
    envId: 'local-env',
    endTime: startTime + 900,
    finalMetricData: [final],
  });
}
jobs.push({ trialJobId: 'GOING', status: 'RUNNING', hyperParameters: [], startTime: Date.now(), sequenceId: trials });
const answers = {
  '/api/v1/nni/version': '3.0.0',
  '/api/v1/nni/check-status': '{"status":"RUNNING","errors":[]}',
  '/api/v1/nni/experiment': JSON.stringify({
    id: 'large123',
    execDuration: 1,
    logDir: '/home/user/nni-experiments/large123',
    nextSequenceId: trials + 1,
    revision: 1,
    params: { trialConcurrency: 1, tuner: { name: 'TPE', classArgs: { optimize_mode: 'maximize' } } },
  }),
  '/api/v1/nni/trial-jobs': JSON.stringify(jobs),
  '/api/v1/nni/metric-data': JSON.stringify(metrics),
  '/api/v1/nni/metric-data/GOING': '[]',
};
/** Milliseconds for what reads whole tables. A real NNI takes up to ten times as long, and its reader then rests ten times that. */
const slow = { '/api/v1/nni/trial-jobs': 50, '/api/v1/nni/metric-data': 100 };

let requests = 0;
const server = createServer((request, response) => {
  requests++;
  const answer = answers[request.url] ?? '<!doctype html><html></html>';
  setTimeout(() => response.end(answer), slow[request.url] ?? 0);
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));
parentPort.on('message', () => parentPort.postMessage({ requests }));
