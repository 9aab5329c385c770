/** What NNI's command line means by what it prints: log lines, its own errors, and the tracebacks of Python. */

/** Whether it gave up on the manager it had started, which it does after three seconds. */
export function gaveUp(lines: readonly string[]): boolean {
  return lines.some((line) =>
    /^requests\.exceptions\.(ConnectionError|ReadTimeout|ConnectTimeout)|Connection refused/.test(line),
  );
}

/** One or two sentences for a person, out of lines without colours. @param code exit code; undefined when a signal ended it */
export function nnictlReason(lines: readonly string[], code: number | undefined): string {
  if (gaveUp(lines)) {
    return `NNI's launcher gave up on the manager it had started, which did not answer within its few seconds. This happens on a busy machine; try again.`;
  }
  const said = lines
    .flatMap((line) => /(?:^|\] )ERROR: +(.+)$/.exec(line)?.[1] ?? [])
    .map((text) => words(text, lines));
  // What follows is a fault of its own.
  if (said.length > 0) return [...new Set(said)].join(' ');
  const raised = exception(lines);
  if (raised !== undefined) return raised;
  const usage = lines.map((line) => /^nnictl.*: error: (.+)$/.exec(line)?.[1]).find((text) => text !== undefined);
  if (usage !== undefined) return `nnictl says: ${sentence(usage)}`;
  const how = code === undefined ? 'was ended by a signal' : `ended with code ${code}`;
  const last = lines.at(-1);
  return last === undefined ? `nnictl ${how} and said nothing.` : `nnictl ${how}: ${sentence(last)}`;
}

function words(text: string, lines: readonly string[]): string {
  const unknown = /^Id (\S+) not exist/.exec(text)?.[1] ?? /^Cannot find experiment ([^\s.]+)/.exec(text)?.[1];
  if (unknown !== undefined) return `NNI knows no experiment ${unknown}.`;
  if (/^There are no experiments matched|^Id not correct/.test(text)) return 'NNI knows no such experiment that runs.';
  if (/^Only stopped experiments/.test(text)) {
    // Its entry in NNI's list follows.
    const status = lines.map((line) => /^\{.*'status': '(\w+)'/.exec(line)?.[1]).find((found) => found !== undefined);
    const now = status === undefined ? '' : `, and this one is ${status}`;
    return `Only a stopped experiment can be resumed or viewed${now}. Stop it first.`;
  }
  return `NNI says: ${sentence(text)}`;
}

/** The last exception of a traceback, with what failed where it has no words of its own. */
function exception(lines: readonly string[]): string | undefined {
  for (let at = lines.length - 1; at >= 0; at--) {
    const match = /^([\w.]*(?:Error|Exception|Exit|Interrupt))(?:: ?(.*))?$/.exec(lines[at] ?? '');
    if (!match) continue;
    const [, name = '', message = ''] = match;
    const port = /^Port (\d+) is not idle/.exec(message)?.[1];
    if (port !== undefined) return `Port ${port} is in use. Choose another one, or none to get a free one.`;
    // A parser says in the following lines what and where.
    const more = lines.slice(at + 1).map((line) => line.trim());
    const text = [message, ...more].filter((part) => part !== '').join(', ');
    if (text !== '') return `NNI says: ${sentence(text)}`;
    // The line of code above, and marks below it.
    const source = lines.slice(0, at).findLast((line) => /^ {4}\S/.test(line) && !/^[\s^~]+$/.test(line));
    const what = source === undefined ? '' : ` at: ${source.trim()}`;
    return `NNI refuses it (${name}${what}).`;
  }
  return undefined;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
