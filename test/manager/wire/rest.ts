/** Speaks NNI's REST as any client would, and waits for what it shows. */
import type { ExperimentProfile, ExperimentStatus } from '../../../src/model/experiment/experiment.ts';
import type { MetricDataRecord, ParameterRecord, TrialJobInfo } from '../../../src/model/trial/trial.ts';
import { nniBase } from '../../../src/wire/routes.ts';

export interface Answer {
  status: number;
  type: string;
  text: string;
}

export class Rest {
  readonly root: string;
  readonly #headers: Record<string, string>;

  /** @param at a port of this machine, or the address below which NNI's routes are. `headers` go with each request. */
  constructor(at: number | string, headers: Record<string, string> = {}) {
    this.root = typeof at === 'number' ? `http://127.0.0.1:${at}` : at;
    this.#headers = headers;
  }

  /** Never rejects on a status; rejects when there is no answer within half a minute. */
  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const init: RequestInit = {
      method,
      headers: { ...this.#headers, ...headers },
      signal: AbortSignal.timeout(30_000),
    };
    if (body !== undefined) {
      init.body = typeof body === 'string' ? body : JSON.stringify(body);
      init.headers = { 'Content-Type': 'application/json', ...init.headers };
    }
    const response = await fetch(this.root + nniBase + path, init);
    return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() };
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.ask('GET', path);
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text) as T;
  }

  status(): Promise<{ status: ExperimentStatus; errors: string[] }> {
    return this.get('/check-status');
  }

  profile(): Promise<ExperimentProfile> {
    return this.get('/experiment');
  }

  trials(): Promise<TrialJobInfo[]> {
    return this.get('/trial-jobs');
  }

  metrics(query = ''): Promise<MetricDataRecord[]> {
    return this.get(`/metric-data${query}`);
  }

  /** Changes one value of the profile as NNI's own clients do. */
  async update(type: string, name: string, value: unknown): Promise<Answer> {
    const profile = await this.profile();
    return this.ask('PUT', `/experiment?update_type=${type}`, {
      ...profile,
      params: { ...profile.params, [name]: value },
    });
  }

  /** NNI's REST has no events: asks again until `wanted` gives something. The test's timeout is the limit. */
  async until<T>(what: () => Promise<T | undefined | false>): Promise<T> {
    for (;;) {
      const result = await what();
      if (result !== undefined && result !== false) return result;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  untilStatus(...wanted: ExperimentStatus[]): Promise<ExperimentStatus> {
    return this.until(async () => {
      const { status } = await this.status();
      return wanted.includes(status) && status;
    });
  }

  untilTrial(wanted: (trial: TrialJobInfo) => boolean): Promise<TrialJobInfo> {
    return this.until(async () => (await this.trials()).find(wanted));
  }
}

export function record(trial: TrialJobInfo): ParameterRecord {
  return JSON.parse(trial.hyperParameters[0] ?? 'null') as ParameterRecord;
}
