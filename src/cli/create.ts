/** `create`, `resume` and `view`: the commands that start a runner. */
import { resolve } from 'node:path';
import type { RunnerAccess } from '../client/index.ts';
import { type LaunchTarget, launchExperiment } from '../client/launching.ts';
import { packagedManager } from '../client/nodeProgram.ts';
import type { BackendSetting } from '../model/experiment/backend.ts';
import { CommandFailure, exitCodes } from './failure.ts';
import { runInForeground } from './foreground.ts';
import { chooseExperiment } from './select.ts';
import { type Session, untilde } from './session.ts';

interface LaunchOptions {
  port?: number;
  foreground?: boolean;
  debug?: boolean;
  backend?: BackendSetting;
  runnerAccess?: RunnerAccess;
}

export async function createExperiment(
  session: Session,
  options: LaunchOptions & { config: string },
): Promise<number | undefined> {
  const configFile = resolve(untilde(options.config));
  return launch(session, { action: 'create', configFile }, options);
}

export async function resumeExperiment(session: Session, options: LaunchOptions, id = ''): Promise<number | undefined> {
  return launch(session, { action: 'resume', id }, options);
}

export async function viewExperiment(session: Session, options: LaunchOptions, id = ''): Promise<number | undefined> {
  return launch(session, { action: 'view', id }, options);
}

/** Trials run in the command's environment, so that an activated virtual environment applies. */
async function launch(session: Session, what: LaunchTarget, options: LaunchOptions): Promise<number | undefined> {
  const { experimentsDirectory } = session;
  const { foreground, ...settings } = options;
  const start = async () => {
    // NNI may know experiments of other folders.
    if (what.action !== 'create' && settings.backend !== 'nnictl') await chooseExperiment(session, what.id);
    let byNni = false;
    const place = { experimentsDirectory, managerScript: packagedManager() };
    const started = await launchExperiment(what, place, {
      ...settings,
      onBackend({ backend, reason }) {
        byNni = backend === 'nnictl';
        if (!byNni) return;
        if (foreground && experimentsDirectory !== resolve(untilde('~/nni-experiments'))) {
          const words =
            'NNI has its list of experiments in ~/nni-experiments, so --foreground can only follow it there';
          throw new CommandFailure(`${words}; leave out --experiments-dir.`, exitCodes.usage);
        }
        session.say(`NNI runs it. ${reason}`);
      },
    });
    const { id, address, pid = 0 } = started;
    const word = { create: 'was started', resume: 'runs again', view: 'is served read-only' }[what.action];
    session.say(`Experiment ${id} ${word}${byNni ? ' by NNI' : ''}: ${address}`);
    return { id, port: Number(new URL(address).port), pid, address, byNni };
  };
  if (foreground) {
    return runInForeground(session, async () => {
      const { id, address, byNni } = await start();
      return { id, nniAddress: byNni ? address : undefined };
    });
  }
  const { byNni: _, ...launched } = await start();
  if (session.json) session.print(launched, '');
  else if (what.action !== 'view') session.say(`Follow it with: trialdeck trial ls ${launched.id}`);
  return undefined;
}
