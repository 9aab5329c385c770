/** Turns the output of NNI's command line into words: log lines, its own errors, and tracebacks of Python. */

/** Whether nnictl gave up on the manager it had started, as it does after three seconds. */
export function hasGivenUp(lines: readonly string[]): boolean {
  return lines.some((line) =>
    /^requests\.exceptions\.(ConnectionError|ReadTimeout|ConnectTimeout)|Connection refused/.test(line),
  );
}

/** One or two sentences for a person. @param lines without colours; @param code exit code; undefined when a signal ended it */
export function nnictlReason(lines: readonly string[], code: number | undefined): string {
  if (hasGivenUp(lines)) {
    return `NNI's launcher gave up on the manager it had started, which did not answer within its few seconds. This happens on a busy machine; try again.`;
  }
  const said = lines
    .flatMap((line) => /(?:^|\] )ERROR: +(.+)$/.exec(line)?.[1] ?? [])
    .map((text) => errorSentence(text, lines));
  // A traceback after an ERROR line is a consequence of it.
  if (said.length > 0) return [...new Set(said)].join(' ');
  const raised = exceptionSentence(lines);
  if (raised !== undefined) return raised;
  const usage = lines.map((line) => /^nnictl.*: error: (.+)$/.exec(line)?.[1]).find((text) => text !== undefined);
  if (usage !== undefined) return `nnictl says: ${toSentence(usage)}`;
  const how = code === undefined ? 'was ended by a signal' : `ended with code ${code}`;
  const last = lines.at(-1);
  return last === undefined ? `nnictl ${how} and said nothing.` : `nnictl ${how}: ${toSentence(last)}`;
}

function errorSentence(text: string, lines: readonly string[]): string {
  const unknown = /^Id (\S+) not exist/.exec(text)?.[1] ?? /^Cannot find experiment ([^\s.]+)/.exec(text)?.[1];
  if (unknown !== undefined) return `NNI knows no experiment ${unknown}.`;
  if (/^There are no experiments matched|^Id not correct/.test(text)) return 'NNI knows no such experiment that runs.';
  if (/^Only stopped experiments/.test(text)) {
    // NNI prints the experiment's entry of its list next.
    const status = lines.map((line) => /^\{.*'status': '(\w+)'/.exec(line)?.[1]).find((found) => found !== undefined);
    const now = status === undefined ? '' : `, and this one is ${status}`;
    return `Only a stopped experiment can be resumed or viewed${now}. Stop it first.`;
  }
  return `NNI says: ${toSentence(text)}`;
}

/** A sentence for the last exception of a traceback. An exception without a message gets the line of code that failed. */
function exceptionSentence(lines: readonly string[]): string | undefined {
  for (let at = lines.length - 1; at >= 0; at--) {
    const match = /^([\w.]*(?:Error|Exception|Exit|Interrupt))(?:: ?(.*))?$/.exec(lines[at] ?? '');
    if (!match) continue;
    const [, name = '', message = ''] = match;
    const port = /^Port (\d+) is not idle/.exec(message)?.[1];
    if (port !== undefined) return `Port ${port} is in use. Choose another one, or none to get a free one.`;
    // A parser's details follow in the next lines.
    const more = lines.slice(at + 1).map((line) => line.trim());
    const text = [message, ...more].filter((part) => part !== '').join(', ');
    if (text !== '') return `NNI says: ${toSentence(text)}`;
    // The line of code above, without the marks below it.
    const source = lines.slice(0, at).findLast((line) => /^ {4}\S/.test(line) && !/^[\s^~]+$/.test(line));
    const what = source === undefined ? '' : ` at: ${source.trim()}`;
    return `NNI refuses it (${name}${what}).`;
  }
  return undefined;
}

function toSentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
