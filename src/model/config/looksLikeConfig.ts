/**
 * Tells an experiment config from other files by its top-level keys alone: cheap enough for every YAML and JSON file that a person opens. A
 * config has two typical keys, or one that no other program uses.
 */
export function looksLikeConfig(text: string): boolean {
  const head = text.length > 100_000 ? text.slice(0, 100_000) : text;
  const found = new Set<string>();
  const keys = /^\s*\{/.test(head) ? /("[A-Za-z_]+")\s*:/g : /^("?[A-Za-z_]+"?)\s*:/gm;
  for (const match of head.matchAll(keys)) {
    const key = (match[1] ?? '').toLowerCase().replace(/["_]/g, '');
    if (telling.has(key)) found.add(key);
    if (found.size >= 2 && [...found].some((each) => strong.has(each))) return true;
  }
  return false;
}

const strong = new Set([
  'trialcommand',
  'trialconcurrency',
  'searchspacefile',
  'searchspace',
  'trainingserviceplatform',
  'searchspacepath',
]);
const telling = new Set([
  ...strong,
  'trainingservice',
  'tuner',
  'advisor',
  'assessor',
  'maxtrialnumber',
  'trialcodedirectory',
  'experimentname',
  'maxtrialnum',
  'maxexperimentduration',
]);
