/** NNI's manager process as its recorded answers have it (`test/fixtures/nni-3.0/rest`), which a test then lets go on. */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import type { MetricDataRecord, TrialJobInfo } from '../../../src/model/trial/trial.ts';
import { type Answer, json, Scene, text } from './scene.ts';

const recorded = join(projectRoot, 'test/fixtures/nni-3.0/rest/hpo');

export class ScriptedNni {
  readonly scene = new Scene();
  status = 'RUNNING';
  profile: Record<string, unknown> = {};
  jobs: TrialJobInfo[] = [];
  metrics: MetricDataRecord[] = [];
  logs: Record<string, string> = {};
  /** NNI's `--url_prefix`. */
  prefix = '';
  /** Milliseconds that each answer takes. */
  slowness = 0;
  /** Answers instead of NNI where it gives something. */
  instead: (path: string) => Answer | undefined = () => undefined;
  /** The most requests that were under way at the same time. */
  mostAtOnce = 0;
  #underWay = 0;

  get address(): string {
    return this.scene.address + this.prefix;
  }

  /** Paths that were asked, without NNI's prefix. */
  get asked(): string[] {
    return this.scene.requests.map((request) => request.replace('GET ', '').replace(`${this.prefix}/api/v1/nni`, ''));
  }

  async open(): Promise<this> {
    const read = async (name: string) => JSON.parse(await readFile(join(recorded, `${name}.json`), 'utf8'));
    this.profile = await read('experiment');
    this.jobs = await read('trial-jobs');
    this.metrics = await read('metric-data');
    this.scene.answer = (request, response) => {
      this.#underWay++;
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#underWay);
      let open = true;
      const over = () => {
        if (open) this.#underWay--;
        open = false;
      };
      // Answered as far as NNI is concerned, which is before who asked can know it.
      response.once('prefinish', over);
      response.once('close', over);
      if (this.slowness > 0) setTimeout(() => this.#answer(request, response), this.slowness);
      else this.#answer(request, response);
    };
    await this.scene.open();
    return this;
  }

  job(id: string): TrialJobInfo {
    const job = this.jobs.find(({ trialJobId }) => trialJobId === id);
    if (!job) throw new Error(`There is no trial ${id}.`);
    return job;
  }

  /** A trial that was submitted with these parameters. */
  addJob(id: string, status: TrialJobInfo['status'], sequenceId: number, parameterId: number, x: number): TrialJobInfo {
    const record = { parameter_id: parameterId, parameter_source: 'algorithm', parameters: { x }, parameter_index: 0 };
    const job: TrialJobInfo = {
      trialJobId: id,
      status,
      hyperParameters: [JSON.stringify(record)],
      startTime: 1_795_351_300_000 + sequenceId,
      sequenceId,
    };
    this.jobs.push(job);
    return job;
  }

  report(
    id: string,
    parameterId: number,
    sequence: number,
    value: unknown,
    type: MetricDataRecord['type'] = 'PERIODICAL',
  ) {
    this.metrics.push({
      timestamp: 1_795_351_400_000 + this.metrics.length,
      trialJobId: id,
      parameterId: String(parameterId),
      type,
      sequence,
      data: JSON.stringify(JSON.stringify(value)),
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    this.#answerAt(pathname)(request, response);
  }

  #answerAt(path: string): Answer {
    const other = this.instead(path);
    if (other) return other;
    if (this.prefix !== '' && !path.startsWith(`${this.prefix}/`)) return text(`Outside prefix "${this.prefix}"`, 404);
    const log = this.logs[/\/logs\/(.+)$/.exec(path)?.[1] ?? ''];
    if (log !== undefined) return endOf(log);
    const [route, id] = path.replace(`${this.prefix}/api/v1/nni/`, '').split('/');
    switch (route) {
      case 'version':
        return text('3.0.0');
      case 'check-status':
        return json({ status: this.status, errors: [] });
      case 'experiment':
        return json(this.profile);
      case 'trial-jobs':
        return json(this.jobs);
      case 'metric-data':
        return json(this.metrics.filter(({ trialJobId }) => id === undefined || trialJobId === id));
      default:
        return text('<!doctype html><html><body>NNI</body></html>');
    }
  }
}

/** As the library does that NNI serves its logs with: no end is given that is longer than the file. */
function endOf(log: string): Answer {
  return (request, response) => {
    const wanted = Number(/^bytes=-(\d+)$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (wanted === 0) return void text(log, 200, 'text/plain')(request, response);
    if (wanted > log.length) {
      response.setHeader('content-range', `bytes */${log.length}`);
      return void text('<!DOCTYPE html><pre>RangeNotSatisfiableError</pre>', 416, 'text/html')(request, response);
    }
    response.setHeader('content-range', `bytes ${log.length - wanted}-${log.length - 1}/${log.length}`);
    text(log.slice(-wanted), 206, 'text/plain')(request, response);
  };
}
