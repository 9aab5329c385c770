/** The messages between the pipe service and its agent, one JSON text a line. */
import type { Step } from '../trialProgram.ts';

export type ToAgent =
  | { ask: 'start'; id: string; attempt: number; folder: string; program: readonly Step[] }
  | { ask: 'stop'; id: string };

export type FromAgent =
  | { tell: 'queued'; id: string; reason: string }
  | { tell: 'running'; id: string; attempt: number; pid: number }
  | { tell: 'reported'; id: string; attempt: number }
  | { tell: 'kept'; id: string; reason: string }
  | { tell: 'ended'; id: string; attempt: number };

/** One line of an attempt's reports. */
export interface SpooledMetric {
  type: 'PERIODICAL' | 'FINAL';
  sequence: number;
  value: string;
}

export const reportsFile = (attempt: number) => `attempt-${attempt}.reports`;
export const endFile = (attempt: number) => `attempt-${attempt}.end`;
