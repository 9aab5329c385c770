/** Follows a server of ours over its event stream: a snapshot, then each change; reconnects when the stream is lost. */
import type { ExperimentChange, ExperimentSnapshot, ExperimentSummary } from '../../model/experiment/experiment.ts';
import { defined } from '../../model/json/defined.ts';
import { experimentEvents, followSummary as followSummaryOnce, type SummarySource } from '../../wire/followSummary.ts';
import { BodyError } from '../../wire/readBody.ts';
import { experimentRoutes, managerRoutes } from '../../wire/routes.ts';
import { changeSchema } from '../../wire/schemas/experiment.ts';
import { type ManagerChange, managerChangeSchema } from '../../wire/schemas/manager.ts';
import { parse } from '../../wire/schemas/schema.ts';
import type { ExperimentApi } from '../api.ts';
import { BadAnswerError } from '../errors.ts';
import { bodyFailure } from '../http.ts';
import type { ManagerClient } from '../manager.ts';
import { readEvents } from './eventStream.ts';
import { type FollowState, persist } from './persist.ts';

/**
 * Backpressure: the next event is read only after the handler's promise settles. An error thrown by a handler ends the following with
 * that error.
 */
export interface ExperimentFollower {
  /** First, and again when changes were missed or another process serves the experiment. */
  onSnapshot(snapshot: ExperimentSnapshot): void | Promise<void>;
  /** Each change, in order and without gaps. */
  onChange(change: ExperimentChange): void | Promise<void>;
  onState?(state: FollowState): void;
}

export interface ManagerFollower {
  /** `list` first, and again after the connection was lost. */
  onChange(change: ManagerChange): void | Promise<void>;
  onState?(state: FollowState): void;
}

export interface SummaryFollower {
  /** The first summary, and each changed one. */
  onSummary(summary: ExperimentSummary): void;
  onState?(state: FollowState): void;
}

export interface FollowOptions {
  /** Failures in a row that are retried; the next one is thrown. Default: no limit. */
  retries?: number;
  /** Milliseconds without a byte after which a stream counts as dead. Servers send one every 15 s. */
  silence?: number;
}

/**
 * Follows an experiment on a server that has our routes. Resolves when the signal aborts.
 *
 * @throws NotFoundError when the experiment does not exist, RejectedError when the token is wrong, the last ClientError when `retries`
 * are used up
 */
export function followExperiment(
  experiment: ExperimentApi,
  follower: ExperimentFollower,
  signal: AbortSignal,
  options: FollowOptions = {},
): Promise<void> {
  const task = 'follow the experiment';
  const context = { task, server: experiment.http.server };
  let known: { session: string; revision: number } | undefined;

  async function readSnapshot(connected: () => void): Promise<{ session: string; revision: number }> {
    const snapshot = await experiment.snapshot({ signal });
    connected();
    known = { session: snapshot.session, revision: snapshot.revision };
    await follower.onSnapshot(snapshot);
    return known;
  }

  return persist(
    async ({ connected, progress }) => {
      for (let isRenewed = false; ; isRenewed = true) {
        const position = known ?? (await readSnapshot(connected));
        const events = readEvents(experiment.http, experimentRoutes.events, {
          task,
          signal,
          query: { session: position.session, since: position.revision },
          names: experimentEvents,
          onOpen: connected,
          silenceTimeoutMs: options.silence,
        });
        try {
          for await (const event of events) {
            if (event.name === 'reset') {
              known = undefined;
              break;
            }
            const change = parse(changeSchema, event.data);
            if (!change) throw new BadAnswerError(context, 'sent a change that makes no sense.', event.text);
            if (change.revision <= position.revision) continue;
            if (change.revision !== position.revision + 1) throw new BadAnswerError(context, 'left changes out.');
            position.revision = change.revision;
            progress();
            await follower.onChange(change);
          }
        } catch (error) {
          // Changes may be missing: begin again with a snapshot.
          if (error instanceof BadAnswerError) known = undefined;
          throw error;
        }
        // Another process serves the experiment. Read its snapshot at once, but only once: a server that keeps resetting must wait.
        if (known || isRenewed) return;
      }
    },
    persistOptions(follower, signal, options),
  );
}

/**
 * Follows only an experiment's summary on a server that has our routes. Resolves when the signal aborts.
 *
 * @throws as {@link followExperiment}
 */
export function followSummary(
  experiment: ExperimentApi,
  follower: SummaryFollower,
  signal: AbortSignal,
  options: FollowOptions = {},
): Promise<void> {
  const task = 'follow the experiment';
  const { http } = experiment;
  return persist(
    async ({ connected, progress }) => {
      const source: SummarySource = {
        openEvents: (either) =>
          http.stream(experimentRoutes.events, { task, signal: either, query: { only: 'summary' } }),
        readSummary: (either) => experiment.summary({ signal: either }),
      };
      const publish = (summary: ExperimentSummary) => {
        connected();
        progress();
        follower.onSummary(summary);
      };
      try {
        await followSummaryOnce(source, publish, { signal, silenceTimeoutMs: options.silence });
      } catch (error) {
        throw error instanceof BodyError ? bodyFailure(error, { task, server: http.server }) : error;
      }
    },
    persistOptions(follower, signal, options),
  );
}

/**
 * Follows the list of a manager. Resolves when the signal aborts.
 *
 * @throws RejectedError when the token is wrong, the last ClientError when `retries` are used up
 */
export function followManager(
  manager: ManagerClient,
  follower: ManagerFollower,
  signal: AbortSignal,
  options: FollowOptions = {},
): Promise<void> {
  const task = 'follow the list of experiments';
  const context = { task, server: manager.http.server };
  return persist(
    async ({ connected, progress }) => {
      const events = readEvents(manager.http, managerRoutes.events, {
        task,
        signal,
        names: managerEvents,
        silenceTimeoutMs: options.silence,
      });
      for await (const { name, data, text } of events) {
        if (name === 'reset') return;
        const change = parse(managerChangeSchema, { event: name, data });
        if (!change) throw new BadAnswerError(context, 'sent a change that makes no sense.', text);
        connected();
        progress();
        await follower.onChange(change);
      }
    },
    persistOptions(follower, signal, options),
  );
}

const managerEvents = ['list', 'experiment', 'removed', 'warnings', 'reset'] as const;

function persistOptions(follower: { onState?(state: FollowState): void }, signal: AbortSignal, options: FollowOptions) {
  return {
    signal,
    ...(follower.onState ? { onState: (state: FollowState) => follower.onState?.(state) } : {}),
    ...defined({ retries: options.retries }),
  };
}
