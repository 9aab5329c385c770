/** The command line and the environment of a local trial. */
import { constants } from 'node:os';

/**
 * Runs the command in a shell of its own, so that an `exec` or `exit` in it does not end the wrapper too. The wrapper writes
 * exit code and time to `.nni/state`; one builtin writes the short line, which counts only with its newline. The traps keep
 * the wrapper alive until then; the command itself starts with the signals' default effect. Bash 5.0 tells the time by
 * itself: starting `date` costs more than all the rest.
 */
const wrapper = `trap : INT TERM HUP
/bin/bash -c "$1"
code=$?
time=\${EPOCHREALTIME/[.,]/}
if [ -n "$time" ]; then time=\${time%???}; else time=$(date +%s)000; fi
printf '%s %s\\n' "$code" "$time" > "$NNI_OUTPUT_DIR/.nni/state"
exit "$code"`;

export interface CommandLine {
  file: string;
  args: string[];
}

export function trialCommandLine(command: string): CommandLine {
  if (process.platform === 'win32') return { file: 'cmd.exe', args: ['/d', '/s', '/c', `"${command}"`] };
  return { file: '/bin/bash', args: ['-c', wrapper, 'trial', command] };
}

/** Reads a shell's exit code: 128 + n stands for the signal n (POSIX, Shell Command Language 2.8.2). */
export function shellExit(code: number): { exitCode: number } | { signal: NodeJS.Signals } {
  for (const [name, number] of Object.entries(constants.signals)) {
    if (code === 128 + number) return { signal: name as NodeJS.Signals };
  }
  return { exitCode: code };
}

/**
 * Makes the environment of a trial (`ts/nni_manager/common/trial_keeper/trial.ts`): the runner's own without variables of
 * another trial or of the runner's start, then what SDK and channel need, then NNI's variables.
 */
export function trialEnvironment(options: {
  inherited: NodeJS.ProcessEnv;
  sdk: Readonly<Record<string, string>>;
  channel: Readonly<Record<string, string>>;
  experimentId: string;
  trialId: string;
  trialNumber: number;
  trialDirectory: string;
  codeDirectory: string;
  /** Undefined leaves the choice to the trial; an empty list shows it none. */
  gpus?: readonly number[] | undefined;
}): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(options.inherited)) {
    if (!/^(NNI_|TRIALDECK_|REUSE_MODE$|MULTI_PHASE$|SDK_PROCESS$|NODE_CHANNEL_|ELECTRON_RUN_AS_NODE$)/.test(name))
      environment[name] = value;
  }
  Object.assign(environment, options.sdk, options.channel, {
    NNI_EXP_ID: options.experimentId,
    NNI_TRIAL_JOB_ID: options.trialId,
    NNI_TRIAL_SEQ_ID: String(options.trialNumber),
    NNI_OUTPUT_DIR: options.trialDirectory,
    NNI_CODE_DIR: options.codeDirectory,
  });
  if (options.gpus) environment.CUDA_VISIBLE_DEVICES = options.gpus.join(',');
  return environment;
}
