/** The home folder as programs that get this environment find it. */
import { homedir } from 'node:os';

export function homeOf(environment: NodeJS.ProcessEnv): string {
  return (process.platform === 'win32' ? environment.USERPROFILE : environment.HOME) || homedir();
}
