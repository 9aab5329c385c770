/**
 * NNI's `Experiment` of its Python clients (`nni.experiment.Experiment` and the older `nnicli.Experiment`): starts, resumes, views or
 * connects to one experiment, and then has its routes (`api.ts`).
 */
import { ExperimentApi } from './api.ts';
import type { WaitOptions } from './completion.ts';
import { AlreadyConnectedError } from './errors.ts';
import { Http, type HttpOptions, type RequestOptions } from './http.ts';
import type { ExperimentOptions, LaunchTarget, StartOptions } from './launching.ts';

interface Connection {
  http: Http;
  /** Empty when only the address is known. */
  id: string;
  /** The process that this instance started. */
  pid?: number | undefined;
}

/**
 * One experiment. A new instance is not connected. {@link startExperiment}, {@link resumeExperiment}, {@link viewExperiment} and
 * {@link connectExperiment} connect it, once, as in NNI. All other methods throw NotConnectedError before.
 */
export class Experiment extends ExperimentApi {
  readonly #options: ExperimentOptions;
  #connection: Connection | undefined;
  #isConnecting = false;

  constructor(options: ExperimentOptions = {}) {
    super(undefined);
    this.#options = options;
  }

  /** @param address root of the experiment: `http://host:port[/prefix]`. Not checked. The caller disposes the result. */
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
   * NnictlMissingError when the config needs NNI and there is none, ManagerStartError, AlreadyConnectedError
   */
  async startExperiment(configFile: string, options: StartOptions = {}): Promise<void> {
    await this.#launch('start the experiment', { action: 'create', configFile }, options);
  }

  /** Resumes a stopped experiment and connects to it. Throws as {@link startExperiment}, and NotFoundError for an unknown id. */
  async resumeExperiment(id: string, options: StartOptions = {}): Promise<void> {
    await this.#launch('resume the experiment', { action: 'resume', id }, options);
  }

  /** Serves a stopped experiment read-only and connects to it. Throws as {@link resumeExperiment}. */
  async viewExperiment(id: string, options: StartOptions = {}): Promise<void> {
    await this.#launch('view the experiment', { action: 'view', id }, options);
  }

  /**
   * Connects to a running experiment, on this machine or elsewhere.
   *
   * @param endpoint `http://host:port`, with NNI's prefix if it has one, or the address of NNI's web page
   * @throws EndpointError that says what is wrong with the endpoint, or what answers there; AlreadyConnectedError
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
   * Starts an experiment and waits for its end, as `run` of NNI's Experiment does. Returns as {@link waitCompletion}. The server runs
   * until {@link stopExperiment}.
   */
  async runExperiment(configFile: string, options: StartOptions & WaitOptions = {}): Promise<boolean> {
    await this.startExperiment(configFile, options);
    return this.waitCompletion(options);
  }

  /**
   * Stops the experiment, waits for its end and forgets it, as NNI's client does. The instance may then connect to another one.
   *
   * @throws TimeoutError when it does not end within a minute
   */
  override async stopExperiment(options?: RequestOptions): Promise<void> {
    const connection = this.#connection;
    await super.stopExperiment(options);
    // The caller may have disposed this instance meanwhile.
    if (!connection || this.#connection !== connection) return;
    const { waitUntilEnded } = await import('./completion.ts');
    await waitUntilEnded(this, { task: 'stop the experiment', pid: connection.pid, signal: options?.signal });
    this.dispose();
  }

  /** Closes the connections and forgets the experiment, which goes on. */
  override dispose(): void {
    this.#connection?.http.dispose();
    this.#connection = undefined;
  }

  async #launch(task: string, target: LaunchTarget, options: StartOptions): Promise<void> {
    await this.#connect(task, async () => {
      const { launchExperiment } = await import('./launching.ts');
      const { id, address, pid, token } = await launchExperiment(target, this.#options, options);
      const http = new Http(address, `experiment ${id}`, token === undefined ? {} : { token });
      return { http, id, pid };
    });
  }

  /** Connects, once. @throws AlreadyConnectedError also while another call is connecting */
  async #connect(task: string, open: () => Promise<Connection>): Promise<void> {
    const connected =
      this.#connection?.http.server ?? (this.#isConnecting ? 'one that is just being started' : undefined);
    if (connected !== undefined) throw new AlreadyConnectedError(task, connected);
    this.#isConnecting = true;
    try {
      this.#connection = await open();
    } finally {
      this.#isConnecting = false;
    }
  }
}
