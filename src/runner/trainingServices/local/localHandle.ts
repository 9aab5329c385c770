/** The handle of a local trial: the leader of its process group, and the GPUs it was given. */
import type { Handle } from '../trainingService.ts';

/** A type, as an interface is not JSON to the compiler. */
export type LocalHandle = {
  /** Undefined when the trial ended before its process was known. */
  pid?: number;
  /** When the process began, as the system tells it: pids are used again. */
  pidStart?: string;
  gpus?: number[];
};

/** Reads a stored handle, also one of version 0.1.0, and leaves out what it does not know. */
export function readLocalHandle(handle: Handle | undefined): LocalHandle {
  if (typeof handle !== 'object' || handle === null || !('pid' in handle || 'gpus' in handle)) return {};
  const { pid, pidStart, gpus } = handle;
  return {
    ...(typeof pid === 'number' ? { pid } : {}),
    ...(typeof pidStart === 'string' ? { pidStart } : {}),
    ...(Array.isArray(gpus) ? { gpus: gpus.map(Number) } : {}),
  };
}
