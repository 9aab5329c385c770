/**
 * Reads what only NNI 3.0's logs tell: why NNI stopped a trial that its record calls cancelled by the user, and why a tuner is dead while
 * NNI's REST reports no error. Pure, over the text of a log or of its end.
 */

/** The ends, or all, of `log/dispatcher.log` and `log/nnimanager.log`; empty where there is none. */
export interface NniLogs {
  dispatcher: string;
  manager: string;
}

/**
 * Ids of the trials that the assessor stopped. NNI kills first and marks the early stop afterwards, so its record says USER_CANCELED
 * (ts/nni_manager/core/nnimanager.ts, KILL_TRIAL_JOB). NNI logs a person's cancel and the end of the experiment in other words.
 */
export function assessorStops(managerLog: string): Set<string> {
  return idsIn(managerLog, /\(NNIManager\) cancelTrialJob: "([^"\s]+)"/g);
}

/** Ids of the trials that NNI stopped because they ran longer than `maxTrialDuration`; NNI records these as USER_CANCELED too. */
export function durationStops(managerLog: string): Set<string> {
  return idsIn(managerLog, /\(NNIManager\) Trial job (\S+) has been canceled because it is over max trial duration/g);
}

function idsIn(log: string, pattern: RegExp): Set<string> {
  return new Set([...log.matchAll(pattern)].flatMap(([, id]) => id ?? []));
}

/**
 * Why the tuner is dead although NNI's status is still RUNNING, in a sentence that ends with what to do; undefined where the logs do not
 * say so.
 */
export function stallReason(logs: NniLogs): string | undefined {
  const { dispatcher, manager } = thisSession(logs);
  if (/NNIManager status from: \w+ to: STOP/.test(manager)) return undefined;
  const left = /\(nni\.runtime\.msg_dispatcher_base\/[^)]*\) Dispatcher (?:exiting|terminiated)/.test(dispatcher);
  const unheard = /\(WsChannel[^)]*\) (?:\(async\) )?(?:Channel closed|Connection lost)\. /.test(manager);
  if (!left && !unheard) return undefined;
  const error = lastError(dispatcher);
  const how = error === undefined ? 'The tuner has ended without an error message' : `The tuner has failed (${error})`;
  return `${how}, and NNI starts no further trials. Stop the experiment and resume it.`;
}

/** Why an experiment is in the state ERROR, in a sentence; undefined where the logs don't say. */
export function failureReason(logs: NniLogs): string | undefined {
  const { dispatcher, manager } = thisSession(logs);
  const error = lastError(dispatcher);
  if (error !== undefined) return `The tuner has failed (${error}).`;
  return [...manager.matchAll(/ERROR \(NNIManager\) (?:Error: )?(?:tuner_command_channel: )?(.+)/g)].at(-1)?.[1];
}

/** A resumed experiment writes to the same files: lines before the latest start of its manager or tuner no longer count. */
function thisSession({ dispatcher, manager }: NniLogs): NniLogs {
  const start = ' INFO (main) Start NNI manager';
  const own = sinceLast(manager, start);
  const begun = manager.includes(start) ? timeOf(own) : undefined;
  const lines = sinceLast(dispatcher, ' Dispatcher started').split('\n');
  // Times are whole seconds, and a tuner takes some of them to start.
  const first = lines.findIndex((line) => {
    const time = timeOf(line);
    return time !== undefined && (begun === undefined || time >= begun);
  });
  return { manager: own, dispatcher: first < 0 ? '' : lines.slice(first).join('\n') };
}

/** The text from the beginning of the last line with `mark`; all of it when no line has the mark. */
function sinceLast(log: string, mark: string): string {
  const at = log.lastIndexOf(mark);
  return at < 0 ? log : log.slice(log.lastIndexOf('\n', at) + 1);
}

/** The time of a line, as text that sorts by time. */
function timeOf(line: string): string | undefined {
  return /^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\]/.exec(line)?.[1];
}

/** The last line of the last traceback, without the dot at its end. */
function lastError(log: string): string | undefined {
  const at = log.lastIndexOf('Traceback (most recent call last):');
  if (at < 0) return undefined;
  const lines = log.slice(at).split(/\r?\n/).slice(1);
  const error = lines.find((line) => line !== '' && !line.startsWith(' '))?.replace(/[.\s]+$/, '');
  if (error === undefined || timeOf(error) !== undefined) return undefined;
  // TPE's error when it gets a result under the parameters of another trial.
  return /^KeyError: \d+$/.test(error) ? `${error}, as NNI has mixed up the parameters of its trials` : error;
}
