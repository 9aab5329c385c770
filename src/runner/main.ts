/**
 * The runner process: one experiment, NNI's REST at its own port.
 *
 *     node runner.js --experiments-directory ROOT --experiment-id ID --action create|resume|view [--port P] [--debug]
 *         [--runner-access refuse|allow] [--config FILE]
 *
 * Started with an IPC channel, it takes one {@link LaunchMessage} from its parent and gives one {@link RunnerAnswer}. It goes
 * on when its parent ends. Without a channel, `--config` names the file, and the answer is printed.
 */

import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { type ConfigProblem, parseConfig } from '../model/config/config.ts';
import { isExperimentId } from '../model/experiment/experimentId.ts';
import { runnerAccesses } from '../model/experiment/runnerAccess.ts';
import { defined } from '../model/json/defined.ts';
import { messageOf } from '../model/text/messageOf.ts';
import { type LaunchConflict, LaunchError } from '../server/storage/launchError.ts';
import { keepCompileCache } from '../system/compileCache.ts';
import { type LaunchArguments, launch, type Runner } from './launch.ts';

/** The message of a parent. Resuming and viewing need neither field. */
export interface LaunchMessage {
  type: 'launch';
  /** JSON text of a config in canonical form: the channel would not keep how numbers are written. */
  config?: string;
  /** The file the config was read from, or is to be read from. Absolute. */
  configFile?: string;
}

export type RunnerAnswer =
  | { type: 'ready'; port: number; pid: number }
  | { type: 'failed'; error: string; code?: LaunchConflict; problems?: ConfigProblem[] };

/** The process ends at the latest so long after it was told to stop; NNI's limit. */
const maxStopMs = 60_000;
/** Limit for the parent's message. */
const launchTimeoutMs = 30_000;

/**
 * V8 lets the space for new objects grow to some 10 MB, which a runner hardly uses. A machine may have many runners, and none
 * computes much.
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
  if (!id || !isExperimentId(id)) {
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
    const timer = setTimeout(() => reject(new LaunchError('The parent process sent no experiment.')), launchTimeoutMs);
    const onDisconnect = () => reject(new LaunchError('The parent process ended before it sent an experiment.'));
    process.once('disconnect', onDisconnect);
    process.once('message', (message: LaunchMessage) => {
      clearTimeout(timer);
      process.off('disconnect', onDisconnect);
      if (message?.type === 'launch') resolve(message);
      else reject(new LaunchError('The parent process sent something that is not an experiment.'));
    });
  });
}

/** Sends the answer to the parent, or prints it. Resolves when it is on its way. */
function answer(answer: RunnerAnswer): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected && process.send) {
      process.send(answer, () => {
        // An open channel would keep the parent alive.
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
  keepCompileCache();
  let running: Runner | undefined;
  let launching = false;
  let stopping = false;

  const end = async (code: number) => {
    const limit = setTimeout(() => process.exit(1), maxStopMs);
    limit.unref();
    await running?.stop();
    process.exit(code);
  };
  const stop = () => {
    if (stopping) return;
    stopping = true;
    // A launch under way must first complete: only then can its parts be stopped.
    if (running || !launching) void end(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  // The end of a terminal or a parent must not end the experiment.
  process.on('SIGHUP', () => undefined);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

  try {
    const { configFile, ...options } = readArguments();
    const message: LaunchMessage = process.send ? await receiveLaunch() : { type: 'launch' };
    const file = message.configFile ?? configFile;
    launching = true;
    const request = {
      ...defined({ configFile: file }),
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
