/** The commands and their options (those of "nnictl" in NNI's reference), and the exit code of each run. */
import { debuglog } from 'node:util';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { ClientError, RejectedError } from '../client/errors.ts';
import type { RunnerAccess } from '../client/index.ts';
import { type BackendSetting, backendSettings } from '../model/experiment/backend.ts';
import { messageOf } from '../model/text/messageOf.ts';
import { createExperiment, resumeExperiment, viewExperiment } from './create.ts';
import { deleteExperiment } from './delete.ts';
import { exportExperiment, listExperiments, showExperiment, showStatus } from './experiments.ts';
import { CommandFailure, exitCodes, FileFailure } from './failure.ts';
import { importResults } from './import.ts';
import { showManager, stopManager } from './managerProcess.ts';
import { startManager } from './managerStart.ts';
import { problemCount, problemText } from './problems.ts';
import { type GlobalOptions, Session } from './session.ts';
import { stopExperiments } from './stop.ts';
import { writeJson, writeText } from './terminal.ts';
import { killTrials, listTrials } from './trials.ts';
import { updateLimit, updateSearchSpace } from './update.ts';

const debug = debuglog('trialdeck');

/** Runs one command line, and prints errors on stderr. Never rejects. @returns the exit code */
export async function run(argv: readonly string[]): Promise<number> {
  let code: number = exitCodes.ok;
  const program = makeProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv]);
    return code;
  } catch (error) {
    // Commander has printed its message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    return fail(error, argv.includes('--json'));
  }
}

async function fail(error: unknown, json: boolean): Promise<number> {
  const message = messageOf(error);
  const problems = error instanceof RejectedError || error instanceof FileFailure ? error.problems : [];
  const outcome = error instanceof FileFailure ? error.outcome : 'nothing was started';
  const expected = error instanceof CommandFailure || error instanceof ClientError || error instanceof RangeError;
  // NODE_DEBUG=trialdeck shows the stack; other users see the message only.
  debug('%O', error);
  if (json) writeJson(process.stderr, { error: message, ...(problems.length > 0 ? { problems } : {}) });
  else if (problems.length > 0) {
    writeText(process.stderr, `${await problemText(problems, process.cwd())}\n${problemCount(problems)}; ${outcome}.`);
  } else writeText(process.stderr, `trialdeck: ${expected ? '' : 'Something unexpected went wrong: '}${message}`);
  return error instanceof CommandFailure ? error.exitCode : exitCodes.failure;
}

type Action<Options> = (session: Session, options: Options, ...args: string[]) => Promise<number | undefined>;

function makeProgram(end: (code: number) => void): Command {
  /** Every command takes the global options, before or after its own. */
  const add = <Options>(parent: Command, name: string, description: string, action: Action<Options>): Command =>
    globalOptions(parent.command(name).description(description)).action(async (...given: unknown[]) => {
      const command = given.at(-1) as Command;
      const session = new Session(command.optsWithGlobals<GlobalOptions>());
      try {
        end((await action(session, command.opts() as Options, ...(command.args as string[]))) ?? exitCodes.ok);
      } finally {
        session.dispose();
      }
    });
  const group = (name: string, description: string): Command =>
    globalOptions(program.command(name).description(description));

  const program = globalOptions(new Command('trialdeck'))
    .description('Runs hyper-parameter search experiments, and shows and steers them.')
    .version(packageJson.version, '-v, --version')
    // A -v after a command belongs to the command.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(--help lists the options)');

  add(program, 'create', 'start an experiment from a config file', createExperiment)
    .requiredOption('-c, --config <file>', 'config of the experiment, YAML or JSON')
    .option('-p, --port <number>', "port of the experiment's REST API; a free one by default", port)
    .option('-f, --foreground', 'show live progress, then the results, and end with the experiment')
    .option('-d, --debug', 'write a detailed log')
    .option('--runner-access <access>', accessWords, access)
    .option('--backend <backend>', backendWords, backend);
  add(program, 'resume <id>', 'continue a stopped experiment', resumeExperiment)
    .option('-p, --port <number>', "port of the experiment's REST API; a free one by default", port)
    .option('-f, --foreground', 'show live progress, then the results, and end with the experiment')
    .option('-d, --debug', 'write a detailed log')
    .option('--runner-access <access>', accessWords, access)
    .option('--backend <backend>', backendWords, backend);
  add(program, 'view <id>', 'serve a stopped experiment read-only', viewExperiment)
    .option('-p, --port <number>', "port of the experiment's REST API; a free one by default", port)
    .option('--runner-access <access>', accessWords, access)
    .option('--backend <backend>', 'embedded (the default), or nnictl for a real NNI', backend);
  add(program, 'stop [id]', 'stop an experiment: by id, the beginning of one, or the only one', stopExperiments)
    .option('-p, --port <number>', 'stop the one at this port', port)
    .option('-a, --all', 'stop all');

  const experiment = group('experiment', 'list, show, export and delete experiments');
  add(experiment, 'list', 'list the running experiments', listExperiments).option('-a, --all', 'those that ended, too');
  add(experiment, 'show [id]', 'print the profile of an experiment', showExperiment);
  add(experiment, 'status [id]', 'print how an experiment is doing', showStatus);
  add(experiment, 'export [id]', 'write the results to a file', exportExperiment)
    .requiredOption('-f, --filename <file>', 'file to write')
    .requiredOption('-t, --type <type>', 'csv or json', oneOf('csv', 'json'))
    .option('-i, --intermediate', 'with the intermediate results');
  add(experiment, 'import [id]', 'tell the tuner results from elsewhere', importResults).requiredOption(
    '-f, --filename <file>',
    'JSON as export writes it: [{"parameter": {"x": 1}, "value": 0.5}]',
  );
  add(experiment, 'delete <id>', 'remove a stopped experiment with all its files', deleteExperiment).option(
    '-y, --yes',
    'do not ask',
  );

  const trial = group('trial', 'list and kill trials');
  add(trial, 'ls [id]', 'list the trials', listTrials)
    .option('--head <count>', 'only the highest metrics', positive)
    .option('--tail <count>', 'only the lowest metrics', positive);
  add(trial, 'kill [id]', 'end trials that run or wait', killTrials).requiredOption(
    '-T, --trial_id <id...>',
    'ids or numbers of the trials',
  );

  const update = group('update', 'change a running experiment');
  const limits = [
    ['concurrency', 'how many trials run at the same time'],
    ['duration', 'for how long the experiment may run, e.g. 90m or 2h'],
    ['trialnum', 'how many trials there may be'],
  ] as const;
  for (const [name, description] of limits) {
    add(update, `${name} [id]`, description, updateLimit(name)).requiredOption('-v, --value <value>', 'the new value');
  }
  add(update, 'searchspace [id]', 'what new trials are drawn from', updateSearchSpace).requiredOption(
    '-f, --filename <file>',
    'search space, or a config with one; JSON or YAML',
  );

  const manager = group('manager', 'the process that looks after the experiments of a folder');
  add(manager, 'show', 'print where it is, and start it when it does not run', showManager);
  add(manager, 'start', 'run it in the foreground, for windows on other machines to connect to', startManager)
    .option(
      '--host <address>',
      'address to listen on; with another one than this machine a token is needed',
      '127.0.0.1',
    )
    .option('-p, --port <number>', 'port to listen on; 0 picks a free one', port, 0)
    .option('--token-file <file>', 'file with the token; made with a random one where there is none')
    .option('--token <token>', 'the token itself; other users of the machine may see it');
  add(manager, 'stop', 'end it; running experiments go on', stopManager);
  return program;
}

function globalOptions(command: Command): Command {
  return command
    .option('--experiments-dir <folder>', 'folder of the experiments (default: ~/nni-experiments)')
    .option('--json', 'print JSON');
}

const backend = oneOf<BackendSetting>(...backendSettings);
const access = oneOf<RunnerAccess>('refuse', 'allow');
const accessWords =
  'refuse (the default) or allow programs whose user the machine does not tell; also TRIALDECK_RUNNER_ACCESS';
const backendWords = 'embedded, nnictl for a real NNI, or auto (the default): embedded where it can run the config';

function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
}

function positive(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number of at least 1.');
}

function oneOf<T extends string>(...known: T[]): (text: string) => T {
  return (text) => {
    const found = known.find((each) => each === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`It must be ${known.join(' or ')}.`);
  };
}
