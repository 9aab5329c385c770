/** Reads the text of a config file into NNI's canonical config, and reports every problem at its place. */

import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { defined } from '../json/defined.ts';
import { isObject } from '../json/isObject.ts';
import { readSearchSpace } from '../space/readSearchSpace.ts';
import type { SearchSpace } from '../space/searchSpace.ts';
import { validateSearchSpace } from '../space/validateSearchSpace.ts';
import { expandHome } from '../text/expandHome.ts';
import { nearest } from '../text/nearest.ts';
import { algorithmNames, findAlgorithm } from './algorithms.ts';
import { checkField } from './checkField.ts';
import type { AlgorithmConfig, ConfigProblem, ExperimentConfig } from './config.ts';
import { algorithmFields, configFields } from './configFields.ts';
import { ConfigSource, type Path } from './configSource.ts';
import { convertVersion1, isVersion1 } from './convertVersion1.ts';
import { embeddedSupport } from './embeddedSupport.ts';
import { type Fields, fieldNamed } from './field.ts';
import { platformNames, rulesOf, serviceFields } from './platforms/registry.ts';

/** The file access that reading needs; an editor gives unsaved texts. */
export interface ConfigIo {
  /** Rejects when there is no such file. */
  readText(path: string): Promise<string>;
  kindOf(path: string): Promise<'file' | 'folder' | undefined>;
  /** The home folder, for `~`. */
  home: string;
}

export interface ReadOptions {
  /** The engine that will run the config: what it can't run is an error too. Absent: only what NNI itself refuses is an error. */
  engine?: 'embedded';
}

export interface ConfigReading {
  /** Present when no problem is an error. */
  config?: ExperimentConfig;
  problems: ConfigProblem[];
  /** Why the embedded manager can't run the config, at its place; absent where it can. */
  unsupported?: ConfigProblem;
}

/** Reads YAML or JSON. Never rejects: `problems` holds every fault. @param input.file absolute; relative paths start from its folder */
export async function readConfig(
  input: { text: string; file: string },
  io: ConfigIo,
  options: ReadOptions = {},
): Promise<ConfigReading> {
  return new ConfigReader(new ConfigSource(input.text, input.file), io, options).read();
}

/** Reads a config given as a value. Places refer to its JSON text. */
export async function readConfigObject(
  value: unknown,
  baseDirectory: string,
  io: ConfigIo,
  options: ReadOptions = {},
): Promise<ConfigReading> {
  const text = JSON.stringify(value, null, 2) ?? 'null';
  return readConfig({ text, file: join(baseDirectory, 'config.json') }, io, options);
}

/** The values of a config by key. */
type Values = Record<string, unknown>;

class ConfigReader {
  #source: ConfigSource;
  #io: ConfigIo;
  #options: ReadOptions;
  #problems: ConfigProblem[];
  /** Original place of each canonical key, by path joined with `/`. */
  #origins = new Map<string, Path>();
  /** Canonical paths that have a value, right or wrong. A wrong value is not also missing. */
  #given = new Set<string>();

  constructor(source: ConfigSource, io: ConfigIo, options: ReadOptions) {
    this.#source = source;
    this.#io = io;
    this.#options = options;
    this.#problems = [...source.syntaxProblems];
  }

  async read(): Promise<ConfigReading> {
    if (this.#problems.length > 0) return { problems: this.#problems };
    const { value } = this.#source;
    if (!isObject(value)) {
      const empty = value === null || value === undefined;
      this.#report('missing', empty ? 'The config is empty.' : 'The config must be a map of keys to values.', []);
      return { problems: this.#problems };
    }
    const config = await this.#readAll(this.#modern(value));
    // Report missing fields before unsupported ones.
    if (this.#problems.some(({ severity }) => severity === 'error')) return { problems: this.#problems };
    const support = embeddedSupport(config);
    if (support.supported) return { config, problems: this.#problems };
    const unsupported = this.#source.problem('unsupported', support.reason, this.#origin(support.path));
    if (this.#options.engine !== 'embedded') return { config, problems: this.#problems, unsupported };
    return { problems: [...this.#problems, unsupported], unsupported };
  }

  /** Converts the config to the present format, whichever format it is written in. */
  #modern(value: Values): Values {
    if (!isVersion1(value)) return value;
    const { value: converted, origins, dropped, unknown } = convertVersion1(value);
    this.#origins = origins;
    const note = (code: string, message: string, path: Path, more: { severity?: 'warning'; replacement?: string }) =>
      this.#problems.push(this.#source.problem(code, message, path, { part: 'key', ...more }));
    const severity = 'warning';
    const words = 'This is the format of NNI 1; it is converted as it is read.';
    note('version-1', words, ['trainingServicePlatform'], { severity });
    for (const path of dropped) {
      if (path[0] === 'multiPhase' && value.multiPhase === true) {
        note('unsupported', 'Trials of several phases were removed from NNI.', path, {});
        continue;
      }
      note('dropped', `"${path.at(-1)}" has no meaning any more and is left out.`, path, { severity });
    }
    for (const { path, known } of unknown) {
      const near = nearest(String(path.at(-1)), known);
      note('unknown-key', unknownKey(String(path.at(-1)), near), path, near ? { replacement: near } : {});
    }
    return converted;
  }

  async #readAll(raw: Values): Promise<ExperimentConfig> {
    const fields = this.#readFields(raw, configFields, []);
    const service = this.#readService(fields);
    const take = (name: string) => fields[name] ?? service[name];
    const config: Values = {};
    const put = (name: string, value: unknown) => {
      if (value !== undefined) config[name] = value;
    };
    put('experimentName', fields.experimentName);
    put('experimentType', fields.experimentType ?? 'hpo');
    put('searchSpace', await this.#readSearchSpace(fields));
    put('trialCommand', take('trialCommand'));
    put('trialCodeDirectory', this.#path(String(take('trialCodeDirectory') ?? '.')));
    put('trialConcurrency', fields.trialConcurrency);
    put('trialGpuNumber', take('trialGpuNumber'));
    for (const name of ['maxExperimentDuration', 'maxTrialNumber', 'maxTrialDuration']) put(name, fields[name]);
    put('nniManagerIp', take('nniManagerIp'));
    put('useAnnotation', false);
    put('debug', fields.debug ?? false);
    put('logLevel', fields.logLevel ?? (fields.debug === true ? 'debug' : 'info'));
    put('experimentWorkingDirectory', this.#path(String(fields.experimentWorkingDirectory ?? '~/nni-experiments')));
    put('tunerGpuIndices', fields.tunerGpuIndices);
    this.#readAlgorithms(fields, put);
    for (const name of ['trialCommand', 'trialGpuNumber', 'nniManagerIp']) {
      if (config[name] !== undefined) service[name] = config[name];
    }
    service.trialCodeDirectory = config.trialCodeDirectory;
    service.debug ??= config.debug;
    for (const [name, value] of Object.entries(rulesOf(service.platform)?.defaults ?? {})) service[name] ??= value;
    put('trainingService', service);
    put('sharedStorage', fields.sharedStorage);
    this.#checkRequired(config, fields, service);
    await this.#checkTrialCode(config);
    return config as unknown as ExperimentConfig;
  }

  /** Values by canonical name, each checked; wrong values are left out. `null` counts as absent, as in NNI. */
  #readFields(raw: Values, rules: Fields, at: Path): Values {
    const fields: Values = {};
    for (const [key, value] of Object.entries(raw)) {
      const name = fieldNamed(key, rules);
      const origin = [...this.#origin(at), key];
      if (!name) {
        const near = nearest(key, Object.keys(rules));
        this.#problems.push(
          this.#source.problem('unknown-key', unknownKey(key, near), origin, {
            part: 'key',
            ...(near ? { replacement: near } : {}),
          }),
        );
        continue;
      }
      const path = [...at, name];
      const place = path.join('/');
      if (!this.#origins.has(place)) this.#origins.set(place, origin);
      const rule = rules[name];
      if (value === null || value === undefined || !rule) continue;
      if (this.#given.has(place)) {
        const message = `"${key}" is ${name}, which is set already; case and underscores do not count.`;
        this.#problems.push(this.#source.problem('bad-value', message, origin, { part: 'key' }));
        continue;
      }
      this.#given.add(place);
      const checked = checkField(name, value, rule);
      if ('value' in checked) fields[name] = checked.value;
      else this.#report(checked.problem.code, checked.problem.message, path, checked.problem.replacement);
    }
    return fields;
  }

  #readService(fields: Values): Values {
    const given = fields.trainingService;
    if (Array.isArray(given)) {
      this.#report('unsupported', 'A list of training services (hybrid) is not supported.', ['trainingService']);
      return {};
    }
    if (!isObject(given)) {
      if (!this.#given.has('trainingService'))
        this.#missing('trainingService', 'Add "trainingService: { platform: local }".');
      return {};
    }
    const platformKey = Object.keys(given).find((key) => key.toLowerCase() === 'platform');
    const platform = platformKey === undefined ? undefined : given[platformKey];
    if (platform === undefined || platform === null) {
      this.#report('missing', 'trainingService needs a platform, such as local.', ['trainingService']);
    }
    // NNI itself checks the fields of its other services.
    if (!rulesOf(platform) && typeof platform === 'string' && platformNames.includes(platform)) {
      return { ...given, platform };
    }
    return this.#readFields(given, serviceFields(platform), ['trainingService']);
  }

  async #readSearchSpace(fields: Values): Promise<SearchSpace | undefined> {
    const { searchSpaceFile, searchSpace } = fields;
    if (typeof searchSpaceFile === 'string') {
      const file = this.#path(searchSpaceFile);
      let text: string;
      try {
        text = await this.#io.readText(file);
      } catch {
        this.#report('missing', `The search space file ${file} can't be read.`, ['searchSpaceFile']);
        return undefined;
      }
      const { space, problems } = readSearchSpace({ text, file });
      this.#problems.push(...problems);
      return space;
    }
    if (searchSpace === undefined) {
      if (!this.#given.has('searchSpaceFile'))
        this.#missing('searchSpace', 'Say which parameters to search: searchSpace or searchSpaceFile.');
      return undefined;
    }
    const at = this.#origin(['searchSpace']);
    for (const { message, path, ...more } of validateSearchSpace(searchSpace)) {
      this.#problems.push(this.#source.problem('bad-space', message, [...at, ...path], more));
    }
    return this.#source.written(at) as SearchSpace;
  }

  #readAlgorithms(fields: Values, put: (name: string, value: unknown) => void): void {
    const { tuner, advisor, assessor } = fields;
    if (tuner !== undefined && advisor !== undefined)
      this.#report('bad-value', 'Give a tuner or an advisor, not both.', ['advisor']);
    if (!this.#given.has('tuner') && !this.#given.has('advisor')) {
      this.#missing('tuner', 'Name the algorithm that picks the parameters, for example "tuner: { name: TPE }".');
    }
    if (isObject(tuner)) put('tuner', this.#readAlgorithm(tuner, 'tuner', 'tuner'));
    if (isObject(assessor)) put('assessor', this.#readAlgorithm(assessor, 'assessor', 'assessor'));
    if (isObject(advisor) && tuner === undefined) put('tuner', this.#readAlgorithm(advisor, 'advisor', 'tuner'));
  }

  #readAlgorithm(raw: Values, at: string, kind: 'tuner' | 'assessor'): AlgorithmConfig {
    const fields = this.#readFields(raw, algorithmFields, [at]);
    const { name, className, codeDirectory } = fields as AlgorithmConfig;
    const classArgs = fields.classArgs as Values | undefined;
    if (name !== undefined && className !== undefined) {
      this.#report('bad-value', 'Give a name (built-in) or a className (your own), not both.', [at, 'className']);
    }
    if (name === undefined && className === undefined && !this.#given.has(`${at}/name`)) {
      this.#report('missing', `${at} needs a name, such as ${kind === 'tuner' ? 'TPE' : 'Medianstop'}.`, [at]);
    }
    const algorithm: AlgorithmConfig = {};
    if (className !== undefined) {
      algorithm.className = className;
      algorithm.codeDirectory = this.#path(codeDirectory ?? '.');
    } else if (name !== undefined) {
      const found = findAlgorithm(name, kind);
      if (found) {
        algorithm.name = found.name;
        this.#checkArguments(found.rule.arguments, classArgs ?? {}, [at, 'classArgs'], found.name);
      } else {
        const near = nearest(name, algorithmNames(kind));
        const message = `There is no ${kind} "${name}"${near ? `; did you mean "${near}"?` : `. There are ${algorithmNames(kind).join(', ')}.`}`;
        this.#report('bad-value', message, [at, 'name'], near);
      }
    }
    if (classArgs) algorithm.classArgs = classArgs;
    return algorithm;
  }

  #checkArguments(rules: Fields, given: Values, at: Path, owner: string): void {
    for (const [key, value] of Object.entries(given)) {
      const rule = rules[key];
      const path = [...this.#origin(at), key];
      if (!rule) {
        const near = nearest(key, Object.keys(rules));
        const known = Object.keys(rules).length > 0 ? `It takes ${Object.keys(rules).join(', ')}.` : 'It takes none.';
        const message = `${owner} has no argument "${key}"${near ? `; did you mean "${near}"?` : `. ${known}`}`;
        this.#problems.push(
          this.#source.problem('unknown-key', message, path, { part: 'key', ...(near ? { replacement: near } : {}) }),
        );
        continue;
      }
      const checked = checkField(key, value, rule);
      if ('problem' in checked) {
        const { code, message, ...more } = checked.problem;
        this.#problems.push(this.#source.problem(code, message, path, more));
      } else if (rule.fields && isObject(value)) {
        this.#checkArguments(rule.fields, value, [...at, key], `${owner}'s ${key}`);
      }
    }
    for (const [key, rule] of Object.entries(rules)) {
      if (!rule.required || key in given) continue;
      // NNI's own launcher leaves this out; the algorithm then takes its default.
      this.#problems.push(
        this.#source.problem('missing', `${owner} needs its ${key}.`, this.#origin(at.slice(0, 1)), {
          part: 'key',
          severity: 'warning',
        }),
      );
    }
  }

  #checkRequired(config: Values, fields: Values, service: Values): void {
    const command = config.trialCommand;
    if (command === undefined) {
      if (!this.#given.has('trialCommand') && !this.#given.has('trainingService/trialCommand')) {
        this.#missing('trialCommand', 'Say what a trial runs, for example "trialCommand: python3 trial.py".');
      }
    } else if (String(command).trim() === '')
      this.#report('bad-value', 'The trial command is empty.', this.#placeOf('trialCommand'));
    if (!this.#given.has('trialConcurrency')) {
      this.#missing('trialConcurrency', 'Say how many trials run at a time, for example "trialConcurrency: 2".');
    }
    if (fields.useAnnotation === true) {
      this.#report('unsupported', 'Annotations were removed in NNI 3: write the search space into the config.', [
        'useAnnotation',
      ]);
    }
    for (const { code, message, field } of rulesOf(service.platform)?.check(config, service) ?? []) {
      this.#report(code, message, this.#placeOf(field));
    }
  }

  async #checkTrialCode(config: Values): Promise<void> {
    const directory = String(config.trialCodeDirectory);
    const kind = await this.#io.kindOf(directory);
    if (kind !== 'folder') {
      const words =
        kind === 'file'
          ? `${directory} is a file; the trial code directory must be a folder.`
          : `The trial code directory ${directory} does not exist.`;
      this.#report('missing', words, this.#placeOf('trialCodeDirectory'));
      return;
    }
    // Check the script of a plain "python script.py" now: a missing one would fail thirty trials.
    const script = /^\s*(?:\S*\/)?python[\d.]*\s+(?:-[uBOE]+\s+)*([^\s;&|<>$`'"*?-][^\s;&|<>$`'"*?]*\.py)(?=\s|$)/.exec(
      String(config.trialCommand ?? ''),
    )?.[1];
    if (
      script === undefined ||
      (await this.#io.kindOf(isAbsolute(script) ? script : join(directory, script))) === 'file'
    )
      return;
    this.#report(
      'missing',
      `The trial's script ${basename(script)} is not in ${dirname(join(directory, script))}.`,
      this.#placeOf('trialCommand'),
    );
  }

  /** Where the config sets a field that both the top level and the training service may have. */
  #placeOf(name: string): Path {
    return this.#origins.has(name) || !this.#origins.has(`trainingService/${name}`)
      ? [name]
      : ['trainingService', name];
  }

  #path(path: string): string {
    return resolve(dirname(this.#source.file), expandHome(path, this.#io.home));
  }

  #missing(name: string, hint: string): void {
    // A misspelt key already explains the missing one: report it once.
    if (this.#problems.some(({ replacement }) => replacement === name)) return;
    const place = this.#origins.get(name) ?? [];
    this.#problems.push(this.#source.problem('missing', `${name} is missing. ${hint}`, place, { part: 'key' }));
  }

  #report(code: string, message: string, path: Path, replacement?: string): void {
    this.#problems.push(this.#source.problem(code, message, this.#origin(path), defined({ replacement })));
  }

  /** The place in the file for a canonical path. */
  #origin(path: Path): Path {
    for (let length = path.length; length > 0; length--) {
      const origin = this.#origins.get(path.slice(0, length).join('/'));
      if (origin) return [...origin, ...path.slice(length)];
    }
    return path;
  }
}

function unknownKey(key: string, near: string | undefined): string {
  return `"${key}" is not known here${near ? `; did you mean "${near}"?` : '.'}`;
}
