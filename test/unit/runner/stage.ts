/** A training service and a channel whose trials exist only in the test: they start, report and end when it says so. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import type { ChannelEvents, TrialChannel, TrialLaunch } from '../../../src/runner/channels/channel.ts';
import type {
  Room,
  StopOutcome,
  TrainingService,
  TrainingServiceEvents,
  TrialState,
} from '../../../src/runner/trainingServices/trainingService.ts';
import type { Trial } from '../../../src/runner/trials/trial.ts';

const nothing = async () => undefined;

export class Stage {
  events: TrainingServiceEvents | undefined;
  channelEvents: ChannelEvents | undefined;
  /** Numbers of the trials that run, by id. */
  running = new Map<string, number>();
  launches = new Map<string, (attempt: number) => Promise<TrialLaunch>>();
  /** What the service and the channel were asked to do with a trial, in order. */
  asked: string[] = [];
  freeRoom: Room = { free: true };
  /** Why no trial can be submitted. */
  refusal: string | undefined;
  /** Why no trial can be stopped now. */
  keepStops: string | undefined;
  /** Why no trial can be heard. */
  deafness: string | undefined;
  /** Holds back the start of submitted trials. */
  queue = false;
  startTime = Date.now();
  errors = 'ValueError: no';

  createService = (events: TrainingServiceEvents): TrainingService => {
    this.events = events;
    return {
      environmentId: 'stage',
      prepare: nothing,
      room: () => this.freeRoom,
      submit: (trial, launch) => this.#submit(trial, launch),
      stop: (id) => this.#stop(id),
      adopt: async ({ id, number }, handle) => {
        this.asked.push(`adopt ${number} ${JSON.stringify(handle)}`);
        this.running.set(id, number);
      },
      find: nothing,
      location: (id) => `/trials/${id}`,
      files: () => ({
        list: async () => [],
        read: async () => ({ stream: Readable.from([this.errors]), size: this.errors.length, start: 0, text: true }),
      }),
      dispose: nothing,
    };
  };

  createChannel = (events: ChannelEvents): TrialChannel => {
    this.channelEvents = events;
    return {
      open: async ({ number }, attempt) => {
        this.asked.push(`open ${number} ${attempt}`);
        if (this.deafness !== undefined) throw new Error(this.deafness);
        return { environment: { ATTEMPT: String(attempt) }, files: {} };
      },
      follow: async ({ number }, attempt, position) => {
        this.asked.push(`follow ${number} ${attempt} ${JSON.stringify(position)}`);
        if (this.deafness !== undefined) throw new Error(this.deafness);
      },
      close: nothing,
      dispose: nothing,
    };
  };

  idOf(number: number): string {
    const [id] = [...this.running].find(([, each]) => each === number) ?? [];
    assert.ok(id, `trial ${number} runs`);
    return id;
  }

  get numbers(): number[] {
    return [...this.running.values()];
  }

  say(number: number, state: TrialState): void {
    this.events?.changed(this.idOf(number), state);
  }

  end(number: number, value: string | undefined, exitCode = 0): void {
    const id = this.idOf(number);
    if (value !== undefined) this.report(number, value);
    this.running.delete(id);
    this.events?.changed(id, { state: 'ended', end: { exitCode, endTime: Date.now() } });
  }

  report(number: number, value: string, parameterId: string | null = String(number), attempt = 1): void {
    const metrics = [{ parameterId, type: 'FINAL' as const, sequence: 0, value }];
    this.channelEvents?.reported(this.idOf(number), { attempt, metrics, position: 10 });
  }

  reportIntermediate(number: number, sequence: number, value: string): void {
    const metrics = [{ parameterId: String(number), type: 'PERIODICAL' as const, sequence, value }];
    this.channelEvents?.reported(this.idOf(number), { attempt: 1, metrics, position: sequence });
  }

  async #submit(trial: Trial, launch: (attempt: number) => Promise<TrialLaunch>) {
    if (this.refusal !== undefined) throw new Error(this.refusal);
    this.launches.set(trial.id, launch);
    await launch(1);
    this.running.set(trial.id, trial.number);
    if (!this.queue) {
      this.events?.changed(trial.id, { state: 'running', startTime: this.startTime, attempt: 1, engineName: 'job 1' });
    }
    return { job: trial.number };
  }

  async #stop(id: string): Promise<StopOutcome> {
    if (this.running.has(id) && this.keepStops !== undefined) return { outcome: 'kept', reason: this.keepStops };
    if (this.running.delete(id)) {
      this.events?.changed(id, { state: 'ended', end: { signal: 'SIGINT', endTime: Date.now() } });
    }
    return { outcome: 'ended' };
  }
}
