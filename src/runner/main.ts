/**
 * The runner process: one experiment, NNI's REST at its own port.
 *
 *     node runner.js --experiments-directory ROOT --experiment-id ID --action create|resume|view [--port P] [--debug]
 *         [--runner-access refuse|allow] [--config FILE]
 *
 * Started with an IPC channel, it takes one {@link LaunchMessage} from its parent, gives one {@link RunnerAnswer}, and goes
 * on when the channel closes: its parent's end is not its own. Without one, `--config` names the file, and the answer is
 * printed.
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { type ConfigProblem, parseConfig } from '../model/config/config.ts';
import { runnerAccesses } from '../model/experiment/runnerAccess.ts';
import { messageOf } from '../model/text/messageOf.ts';
import { type LaunchConflict, LaunchError } from '../server/storage/launchError.ts';
import { type LaunchArguments, launch, type Runner } from './launch.ts';

/** What a parent sends. Neither field is needed to resume or view. */
export interface LaunchMessage {
  type: 'launch';
  /** JSON text of a config in canonical form: the channel itself would not keep how numbers are written. */
  config?: string;
  /** The file it was read from, or is to be read from. Absolute. */
  configFile?: string;
}

export type RunnerAnswer =
  | { type: 'ready'; port: number; pid: number }
  | { type: 'failed'; error: string; code?: LaunchConflict; problems?: ConfigProblem[] };

/** From the order to stop until the process ends whatever happens; NNI's limit. */
const longestStop = 60_000;
/** How long a parent may take to send its message. */
const longestWait = 30_000;

/**
 * V8 lets the space for new objects grow with the work, to some 10 MB here that are hardly used. There may be many runners on a
 * machine, and none has much to compute.
 */
setFlagsFromString('--semi-space-growth-factor=1');

const actions = ['create', 'resume', 'view'] as const;

function readArguments(): LaunchArguments & { configFile: string | undefined } {
  const { values } = parseArgs({
    options: {
      'experiments-directory': { type: 'string' },
      'experiment-id': { type: 'string' },
      action: { type: 'string', default: 'create' },
      port: { type: 'string', default: '0' },
      config: { type: 'string' },
      debug: { type: 'boolean', default: false },
      'runner-access': { type: 'string', default: process.env.TRIALDECK_RUNNER_ACCESS || 'refuse' },
    },
  });
  const root = values['experiments-directory'];
  const id = values['experiment-id'];
  const action = actions.find((each) => each === values.action);
  const port = Number(values.port);
  if (!root) throw new LaunchError('--experiments-directory is missing.');
  if (!id || !/^[A-Za-z0-9_-]{1,32}$/.test(id)) {
    throw new LaunchError('--experiment-id must be 1 to 32 letters, digits, _ or -.');
  }
  if (!action) throw new LaunchError(`--action must be one of ${actions.join(', ')}.`);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new LaunchError('--port must be 0 to 65535.');
  const access = runnerAccesses.find((each) => each === values['runner-access']);
  if (!access) throw new LaunchError(`--runner-access must be one of ${runnerAccesses.join(', ')}.`);
  return { root, id, action, port, access, debug: values.debug, configFile: values.config };
}

function receiveLaunch(): Promise<LaunchMessage> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new LaunchError('The parent process sent no experiment.')), longestWait);
    const onDisconnect = () => reject(new LaunchError('The parent process ended before it sent an experiment.'));
    process.once('disconnect', onDisconnect);
    process.once('message', (message: LaunchMessage) => {
      clearTimeout(timer);
      process.off('disconnect', onDisconnect);
      if (message?.type === 'launch') resolve(message);
      else reject(new LaunchError('The parent process sent something that is no experiment.'));
    });
  });
}

/** Says how the launch went, to the parent or to whoever reads the output. Resolves when it is on its way. */
function answer(answer: RunnerAnswer): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected && process.send) {
      process.send(answer, () => {
        // Without listeners of ours the channel would not keep the process alive, but it would keep the parent's.
        if (process.connected) process.disconnect();
        resolve();
      });
    } else {
      const line =
        answer.type === 'ready' ? `Ready at http://127.0.0.1:${answer.port} (process ${answer.pid})` : answer.error;
      (answer.type === 'ready' ? process.stdout : process.stderr).write(`${line}\n`, () => resolve());
    }
  });
}

async function main(): Promise<void> {
  let running: Runner | undefined;
  let launching = false;
  let stopping = false;

  const end = async (code: number) => {
    const limit = setTimeout(() => process.exit(1), longestStop);
    limit.unref();
    await running?.stop();
    process.exit(code);
  };
  const stop = () => {
    if (stopping) return;
    stopping = true;
    // While it starts, what it has started must first be there to be ended.
    if (running || !launching) void end(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  // A terminal or parent that is gone must not end the experiment.
  process.on('SIGHUP', () => undefined);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

  try {
    const { configFile, ...options } = readArguments();
    const message: LaunchMessage = process.send ? await receiveLaunch() : { type: 'launch' };
    const file = message.configFile ?? configFile;
    launching = true;
    const request = {
      ...(file === undefined ? {} : { configFile: file }),
      ...(message.config === undefined ? {} : { config: parseConfig(message.config) }),
    };
    running = await launch(options, request, stop);
    if (stopping) return await end(0);
    await answer({ type: 'ready', port: running.port, pid: process.pid });
  } catch (error) {
    const { code, problems } = error instanceof LaunchError ? error : {};
    await answer({
      type: 'failed',
      error: messageOf(error),
      ...(code && { code }),
      ...(problems && { problems }),
    });
    process.exit(1);
  }
}

void main();
