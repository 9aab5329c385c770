/** Schemas of a manager's answers and lock file, and of the body of every error. */
import * as v from 'valibot';
import type { ConfigProblem } from '../../model/config/config.ts';
import { summarySchema } from './experiment.ts';
import { exactly, id, integer, listOf, maybe, present } from './schema.ts';

const problemSchema = exactly<ConfigProblem>()(
  present(
    v.object({
      severity: v.fallback(v.picklist(['error', 'warning', 'information']), 'error'),
      code: v.fallback(v.string(), ''),
      message: v.string(),
      file: v.fallback(v.string(), ''),
      path: v.fallback(v.array(v.union([v.string(), v.number()])), []),
      start: v.fallback(integer, 0),
      end: v.fallback(integer, 0),
      line: v.fallback(integer, 1),
      column: v.fallback(integer, 1),
      replacement: maybe(v.string()),
    }),
  ),
);

export const errorBodySchema = v.object({
  error: v.string(),
  problems: v.fallback(listOf(problemSchema), []),
});

export const managerInfoSchema = present(
  v.object({
    name: v.literal('trialdeck-manager'),
    version: v.string(),
    pid: integer,
    experimentsDirectory: v.string(),
    /** Faults that keep its list incomplete, such as a damaged manifest; in words for a person. */
    warnings: maybe(v.array(v.string())),
  }),
);
export type ManagerInfo = v.InferOutput<typeof managerInfoSchema>;

/** Answer to a launch: the runner is up and serves. */
export const launchedSchema = present(
  v.object({
    id,
    port: integer,
    pid: integer,
    /** Opens the runner's own port to the caller, whether or not the machine tells which user the caller is. */
    token: maybe(v.string()),
  }),
);
export type Launched = v.InferOutput<typeof launchedSchema>;

/** One event of a manager's stream: its name and its data. */
export const managerChangeSchema = v.variant('event', [
  v.object({ event: v.literal('list'), data: listOf(summarySchema) }),
  v.object({ event: v.literal('experiment'), data: summarySchema }),
  v.object({ event: v.literal('removed'), data: v.object({ id: v.string() }) }),
  /** All current {@link ManagerInfo.warnings}. After a `list` event there are none until this event comes. */
  v.object({ event: v.literal('warnings'), data: listOf(v.string()) }),
]);
export type ManagerChange = v.InferOutput<typeof managerChangeSchema>;

/** `<experiments folder>/.trialdeck/manager.json`, mode 0600: how clients of this user find the manager. */
export const managerLockSchema = v.object({
  pid: v.pipe(integer, v.minValue(1)),
  port: v.pipe(integer, v.minValue(1), v.maxValue(65535)),
  host: id,
  /** Bearer token for every manager route but `info`. */
  token: id,
  version: v.fallback(v.string(), ''),
  startTime: v.fallback(v.number(), 0),
});
export type ManagerLock = v.InferOutput<typeof managerLockSchema>;
