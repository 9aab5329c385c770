/**
 * One experiment as NNI's Python clients know it (`nni.experiment.Experiment` and the older `nnicli.Experiment`): it starts, resumes,
 * views or connects to an experiment, and then has its routes (`api.ts`).
 */
import { ExperimentApi } from './api.ts';
import type { WaitOptions } from './completion.ts';
import { AlreadyConnectedError } from './errors.ts';
import { Http, type HttpOptions, type RequestOptions } from './http.ts';
import type { ExperimentOptions, LaunchTarget, StartOptions } from './launching.ts';

interface Connection {
  http: Http;
  /** Empty when it was connected by address and not asked for yet. */
  id: string;
  /** The process this instance has started. */
  pid?: number | undefined;
}

/**
 * One experiment. A new instance has none: {@link startExperiment}, {@link resumeExperiment}, {@link viewExperiment} or
 * {@link connectExperiment} give it one, one of them and once, as in NNI. Everything else throws NotConnectedError before.
 */
export class Experiment extends ExperimentApi {
  readonly #options: ExperimentOptions;
  #connection: Connection | undefined;
  #connecting = false;

  constructor(options: ExperimentOptions = {}) {
    super(undefined);
    this.#options = options;
  }

  /** @param address root of the experiment: `http://host:port[/prefix]`. It is not asked what answers there. Dispose it in the end. */
  static override at(address: string, options: HttpOptions = {}): Experiment {
    const experiment = new Experiment();
    experiment.#connection = { http: new Http(address, 'the experiment', options), id: '' };
    return experiment;
  }

  override get id(): string | undefined {
    return this.#connection?.id || undefined;
  }

  protected override get server(): Http | undefined {
    return this.#connection?.http;
  }

  /**
   * Starts an experiment and connects to it.
   *
   * @param configFile path of its config, YAML or JSON
   * @throws RejectedError with `problems` when the embedded manager refuses the config, NnictlError with NNI's words when NNI does,
   * NnictlMissingError when it needs NNI and there is none, ManagerStartError, AlreadyConnectedError
   */
  async startExperiment(configFile: string, options: StartOptions = {}): Promise<void> {
    await this.#launch('start the experiment', { action: 'create', configFile }, options);
  }

  /** Goes on with a stopped experiment and connects to it. Throws as {@link startExperiment}, NotFoundError for an unknown id. */
  async resumeExperiment(id: string, options: StartOptions = {}): Promise<void> {
    await this.#launch('resume the experiment', { action: 'resume', id }, options);
  }

  /** Serves a stopped experiment read-only and connects to it. Throws as {@link resumeExperiment}. */
  async viewExperiment(id: string, options: StartOptions = {}): Promise<void> {
    await this.#launch('view the experiment', { action: 'view', id }, options);
  }

  /**
   * Connects to an experiment that runs, here or elsewhere.
   *
   * @param endpoint as a person would give it: `http://host:port`, with NNI's prefix where it has one, also the address of NNI's web page
   * @throws EndpointError that says what is wrong with the endpoint or what was found there; AlreadyConnectedError
   */
  async connectExperiment(endpoint: string, options: RequestOptions & { token?: string } = {}): Promise<void> {
    await this.#connect('connect', async () => {
      const { findExperiment } = await import('./findExperiment.ts');
      const { address, id, token } = await findExperiment(endpoint, options);
      const http = new Http(address, `experiment ${id}`, token === undefined ? {} : { token });
      return { http, id };
    });
  }

  /**
   * Starts an experiment and waits until it has ended, as `run` of NNI's Experiment. Returns as {@link waitCompletion}; the experiment
   * is served until it is stopped.
   */
  async runExperiment(configFile: string, options: StartOptions & WaitOptions = {}): Promise<boolean> {
    await this.startExperiment(configFile, options);
    return this.waitCompletion(options);
  }

  /**
   * Stops the experiment, waits until it is gone and forgets it, as NNI's client does. The instance may then be given another one.
   *
   * @throws TimeoutError when it does not end within a minute
   */
  override async stopExperiment(options?: RequestOptions): Promise<void> {
    const connection = this.#connection;
    await super.stopExperiment(options);
    // It may have been disposed meanwhile.
    if (!connection || this.#connection !== connection) return;
    const { untilEnded } = await import('./completion.ts');
    await untilEnded(this, { task: 'stop the experiment', pid: connection.pid, signal: options?.signal });
    this.dispose();
  }

  /** Closes the connections and forgets the experiment, which goes on. */
  override dispose(): void {
    this.#connection?.http.dispose();
    this.#connection = undefined;
  }

  async #launch(task: string, what: LaunchTarget, options: StartOptions): Promise<void> {
    await this.#connect(task, async () => {
      const { launchExperiment } = await import('./launching.ts');
      const { id, address, pid, token } = await launchExperiment(what, this.#options, options);
      const http = new Http(address, `experiment ${id}`, token === undefined ? {} : { token });
      return { http, id, pid };
    });
  }

  /** One at a time, and only once. */
  async #connect(task: string, make: () => Promise<Connection>): Promise<void> {
    const connected =
      this.#connection?.http.server ?? (this.#connecting ? 'one that is just being started' : undefined);
    if (connected !== undefined) throw new AlreadyConnectedError(task, connected);
    this.#connecting = true;
    try {
      this.#connection = await make();
    } finally {
      this.#connecting = false;
    }
  }
}
