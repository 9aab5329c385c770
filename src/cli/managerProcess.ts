/** `manager show` and `manager stop`. */
import { connectLocalManager, managerLogFile } from '../client/localManager.ts';
import { packagedManager } from '../client/nodeProgram.ts';
import type { Session } from './session.ts';

export async function showManager(session: Session): Promise<undefined> {
  const manager = await session.manager();
  const info = await manager.info();
  const { address } = manager;
  const log = managerLogFile(session.experimentsDirectory);
  session.print(
    { ...info, address, log },
    `The manager of ${info.experimentsDirectory} is process ${info.pid} at ${address}.\nLog: ${log}`,
  );
}

export async function stopManager(session: Session): Promise<undefined> {
  const { experimentsDirectory } = session;
  const manager = await connectLocalManager({ experimentsDirectory, managerScript: packagedManager(), start: false });
  if (!manager) {
    session.print({ stopped: false }, `No manager of ${experimentsDirectory} runs.`);
    return;
  }
  try {
    await manager.shutdown();
  } finally {
    manager.dispose();
  }
  session.print({ stopped: true }, `The manager of ${experimentsDirectory} ends. Experiments go on.`);
}
