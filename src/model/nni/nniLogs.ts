/**
 * What NNI 3.0 tells of only in its logs: who ended a trial that it calls cancelled by the user, and why a tuner is dead of which its
 * REST says that all is well. Pure, over the text of a log or of its end.
 */

/** The ends, or all, of `log/dispatcher.log` and `log/nnimanager.log`; empty where there is none. */
export interface NniLogs {
  dispatcher: string;
  manager: string;
}

/**
 * Ids of the trials that the assessor ended. NNI kills first and marks the trial as stopped early afterwards, so that it is on record as
 * USER_CANCELED (ts/nni_manager/core/nnimanager.ts, KILL_TRIAL_JOB). A person's cancel and the end of the experiment are logged in other
 * words.
 */
export function assessorStops(managerLog: string): Set<string> {
  return idsIn(managerLog, /\(NNIManager\) cancelTrialJob: "([^"\s]+)"/g);
}

/** Ids of the trials that NNI ended because they ran longer than `maxTrialDuration`; recorded as USER_CANCELED as well. */
export function durationStops(managerLog: string): Set<string> {
  return idsIn(managerLog, /\(NNIManager\) Trial job (\S+) has been canceled because it is over max trial duration/g);
}

function idsIn(log: string, pattern: RegExp): Set<string> {
  return new Set([...log.matchAll(pattern)].flatMap(([, id]) => id ?? []));
}

/**
 * Why the tuner of an experiment that goes on in name is dead, in a sentence that ends with the way out; undefined where the logs don't
 * say that it is.
 */
export function stallReason(logs: NniLogs): string | undefined {
  const { dispatcher, manager } = thisSession(logs);
  if (/NNIManager status from: \w+ to: STOP/.test(manager)) return undefined;
  const left = /\(nni\.runtime\.msg_dispatcher_base\/[^)]*\) Dispatcher (?:exiting|terminiated)/.test(dispatcher);
  const unheard = /\(WsChannel[^)]*\) (?:\(async\) )?(?:Channel closed|Connection lost)\. /.test(manager);
  if (!left && !unheard) return undefined;
  const error = lastError(dispatcher);
  const how = error === undefined ? 'The tuner has ended without a word' : `The tuner has failed (${error})`;
  return `${how}, and NNI starts no further trials. Stop the experiment and resume it.`;
}

/** Why an experiment is in the state ERROR, in a sentence; undefined where the logs don't say. */
export function failureReason(logs: NniLogs): string | undefined {
  const { dispatcher, manager } = thisSession(logs);
  const error = lastError(dispatcher);
  if (error !== undefined) return `The tuner has failed (${error}).`;
  return [...manager.matchAll(/ERROR \(NNIManager\) (?:Error: )?(?:tuner_command_channel: )?(.+)/g)].at(-1)?.[1];
}

/** A resumed experiment goes on in the same files; what was before its manager or its tuner was started anew is over. */
function thisSession({ dispatcher, manager }: NniLogs): NniLogs {
  const start = ' INFO (main) Start NNI manager';
  const own = sinceLast(manager, start);
  const begun = manager.includes(start) ? timeOf(own) : undefined;
  const lines = sinceLast(dispatcher, ' Dispatcher started').split('\n');
  // Times are whole seconds; a tuner takes some of them to come up.
  const first = lines.findIndex((line) => {
    const time = timeOf(line);
    return time !== undefined && (begun === undefined || time >= begun);
  });
  return { manager: own, dispatcher: first < 0 ? '' : lines.slice(first).join('\n') };
}

/** From the beginning of the last line with `mark`; all of it where that is further up than this piece of the log. */
function sinceLast(log: string, mark: string): string {
  const at = log.lastIndexOf(mark);
  return at < 0 ? log : log.slice(log.lastIndexOf('\n', at) + 1);
}

/** When a line was written, as text that sorts by time. */
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
  // What TPE says when it is told of a trial under the parameters of another.
  return /^KeyError: \d+$/.test(error) ? `${error}, as NNI has mixed up the parameters of its trials` : error;
}
