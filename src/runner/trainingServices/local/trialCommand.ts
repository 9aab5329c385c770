/** How a trial's command is run. */
import { constants } from 'node:os';

/**
 * Runs the command in a shell of its own, so that an `exec` or `exit` in it does not end the wrapper too, and leaves exit code
 * and time in `.nni/state`. One builtin writes the short line, so it is there at once; it counts only with its newline.
 * The traps keep the wrapper alive to write it; commands are started with the signals' default effect as ever. Time comes
 * from bash itself where it can (5.0), because starting `date` costs more than the rest.
 */
const wrapper = `trap : INT TERM HUP
/bin/bash -c "$1"
code=$?
time=\${EPOCHREALTIME/[.,]/}
if [ -n "$time" ]; then time=\${time%???}; else time=$(date +%s)000; fi
printf '%s %s\\n' "$code" "$time" > "$NNI_SYS_DIR/.nni/state"
exit "$code"`;

export interface CommandLine {
  file: string;
  args: string[];
}

export function trialCommandLine(command: string): CommandLine {
  if (process.platform === 'win32') return { file: 'cmd.exe', args: ['/d', '/s', '/c', `"${command}"`] };
  return { file: '/bin/bash', args: ['-c', wrapper, 'trial', command] };
}

/** A shell's exit code as what happened: 128 + n stands for the signal n. */
export function shellExit(code: number): { exitCode: number } | { signal: NodeJS.Signals } {
  for (const [name, number] of Object.entries(constants.signals)) {
    if (code === 128 + number) return { signal: name as NodeJS.Signals };
  }
  return { exitCode: code };
}

/**
 * The environment of a trial (`ts/nni_manager/common/trial_keeper/trial.ts`): the runner's own without anything of another
 * trial or of how the runner was started, NNI's variables, and what the chosen SDK needs. Without `NNI_TRIAL_COMMAND_CHANNEL`,
 * both generations of the SDK take the file channel, which works without a living runner.
 */
export function trialEnvironment(options: {
  inherited: NodeJS.ProcessEnv;
  sdk: Readonly<Record<string, string>>;
  experimentId: string;
  trialId: string;
  trialNumber: number;
  trialDirectory: string;
  codeDirectory: string;
  /** Undefined leaves the choice to the trial; empty shows it none. */
  gpus?: readonly number[] | undefined;
}): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(options.inherited)) {
    if (!/^(NNI_|TRIALDECK_|REUSE_MODE$|MULTI_PHASE$|SDK_PROCESS$|NODE_CHANNEL_|ELECTRON_RUN_AS_NODE$)/.test(name))
      environment[name] = value;
  }
  Object.assign(environment, options.sdk, {
    NNI_PLATFORM: 'local',
    NNI_EXP_ID: options.experimentId,
    NNI_TRIAL_JOB_ID: options.trialId,
    NNI_TRIAL_SEQ_ID: String(options.trialNumber),
    NNI_SYS_DIR: options.trialDirectory,
    NNI_OUTPUT_DIR: options.trialDirectory,
    NNI_CODE_DIR: options.codeDirectory,
  });
  if (options.gpus) environment.CUDA_VISIBLE_DEVICES = options.gpus.join(',');
  return environment;
}
