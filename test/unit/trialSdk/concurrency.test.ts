import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeFrames, metricBytes, newTrial, python, removeTemporaryFolders, trialLog } from './trialProcess.ts';

/** Every frame whole, in the file once, and of the values that were sent. */
async function assertAllThere(script: string, expected: number): Promise<Awaited<ReturnType<typeof decodeFrames>>> {
  const trial = await newTrial();
  const file = join(trial.folder, 'script.py'); // multiprocessing needs a file to import
  await writeFile(file, script);
  const outcome = await python([file], trial.env);
  assert.equal(outcome.stderr, '');
  assert.equal(outcome.exitCode, 0);
  const metrics = decodeFrames(await metricBytes(trial));
  const values = metrics.map((metric) => JSON.parse(metric.value) as { id: string });
  assert.equal(new Set(values.map((value) => value.id)).size, expected);
  assert.equal(values.length, expected);
  return metrics;
}

describe('bundled nni with many reporters at once', function () {
  this.timeout(120_000);
  after(removeTemporaryFolders);

  it('writes whole frames of threads, numbered in the order of the file', async () => {
    const metrics = await assertAllThere(
      `
import nni, threading
nni.get_next_parameter()
def report(thread):
    for i in range(200):
        nni.report_intermediate_result({'id': f'{thread}-{i}', 'fill': 'y' * (i * 37 % 3000)})
threads = [threading.Thread(target=report, args=[n]) for n in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
`,
      1600,
    );
    assert.deepEqual(
      metrics.map((metric) => metric.sequence),
      metrics.map((_, index) => index),
    );
  });

  it('writes whole frames of forked processes', async () => {
    await assertAllThere(
      `
import nni, os
nni.get_next_parameter()
children = []
for child in range(6):
    pid = os.fork()
    if pid == 0:
        for i in range(100):
            nni.report_intermediate_result({'id': f'{child}-{i}', 'fill': 'z' * (i * 331 % 20000)})
        os._exit(0)
    children.append(pid)
for pid in children: assert os.waitpid(pid, 0)[1] == 0
`,
      600,
    );
  });

  it('does not hang in a process that was forked while a thread reports', async () => {
    await assertAllThere(
      `
import nni, os, threading
nni.get_next_parameter()
stop = threading.Event()
sent = 0
def report():
    global sent
    while not stop.is_set() and sent < 3000:
        nni.report_intermediate_result({'id': f'p-{sent}', 'fill': 'z' * 5000})
        sent += 1
thread = threading.Thread(target=report)
thread.start()
for child in range(20):
    pid = os.fork()
    if pid == 0:
        nni.report_intermediate_result({'id': f'c-{child}'})
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
stop.set()
thread.join()
for i in range(sent, 3000): nni.report_intermediate_result({'id': f'p-{i}'})
`,
      3020,
    );
  });

  it('works in processes that multiprocessing starts afresh', async () => {
    await assertAllThere(
      `
import multiprocessing, nni
def work(worker):
    nni.get_next_parameter()
    for i in range(50):
        nni.report_intermediate_result({'id': f'{worker}-{i}'})
if __name__ == '__main__':
    nni.get_next_parameter()
    spawn = multiprocessing.get_context('spawn')
    workers = [spawn.Process(target=work, args=[n]) for n in range(3)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
    nni.report_final_result({'id': 'last'})
`,
      151,
    );
  });

  it('lets a signal handler report while a report is being made', async () => {
    await assertAllThere(
      `
import nni, signal
nni.get_next_parameter()
count = 0
def handler(signum, frame):
    global count
    if count < 50:
        # Taken before it is used: the next signal may come while this one is handled.
        count += 1
        nni.report_intermediate_result({'id': f's-{count}'})
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
for i in range(2000):
    nni.report_intermediate_result({'id': f'm-{i}', 'fill': list(range(50))})
signal.setitimer(signal.ITIMER_REAL, 0)
while count < 50:
    handler(0, None)
`,
      2050,
    );
  });

  it('keeps the printed lines of several processes whole', async () => {
    const trial = await newTrial();
    const script = `
import nni, os
children = []
for child in range(4):
    pid = os.fork()
    if pid == 0:
        for i in range(200): print('child', child, 'line', i, 'w' * 300)
        os._exit(0)
    children.append(pid)
for pid in children: os.waitpid(pid, 0)
`;
    assert.equal((await python(['-c', script], trial.env)).stderr, '');
    const lines = (await trialLog(trial)).trimEnd().split('\n');
    assert.equal(lines.length, 800);
    for (const line of lines) assert.match(line, /^\[[\d -]+:\d\d:\d\d\] PRINT child \d line \d+ w{300}$/);
  });
});
