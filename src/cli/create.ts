/** `create`, `resume` and `view`: experiments that begin to be served. */
import { resolve } from 'node:path';
import type { Launched, LaunchRequest } from '../model/wire.ts';
import { runInForeground } from './foreground.ts';
import { type Session, untilde } from './session.ts';

interface LaunchOptions {
  port?: number;
  foreground?: boolean;
  debug?: boolean;
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

async function launch(session: Session, what: LaunchRequest, options: LaunchOptions): Promise<number | undefined> {
  const start = async () => {
    const manager = await session.manager();
    const launched = await manager.launch({ ...what, ...launchSettings(options) });
    const word = { create: 'was started', resume: 'runs again', view: 'is served read-only' }[what.action];
    session.say(`Experiment ${launched.id} ${word}: ${addressOf(launched)}`);
    return launched;
  };
  if (options.foreground) return runInForeground(session, start);
  const launched = await start();
  if (session.json) session.print({ ...launched, address: addressOf(launched) }, '');
  else if (what.action !== 'view') session.say(`Follow it with: trialdeck trial ls ${launched.id}`);
  return undefined;
}

/** Trials run in the environment the command was called in, so that an activated virtual environment applies. */
function launchSettings({ port, debug }: LaunchOptions): Partial<LaunchRequest> {
  const environment = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  return { environment, ...(port === undefined ? {} : { port }), ...(debug ? { debug } : {}) };
}

function addressOf({ port }: Pick<Launched, 'port'>): string {
  return `http://127.0.0.1:${port}`;
}
