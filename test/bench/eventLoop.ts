/** Measures how long the event loop of this process is blocked. In VS Code all extensions share it. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The longest time others waited, and the longest the thread worked at a stretch: on a busy machine the first is longer. In milliseconds. */
export interface Longest {
  waited: number;
  worked: number;
}

/** Starts watching. `longest` returns the longest times since its last call. */
export function watchEventLoop(): { longest(): Longest; dispose(): void } {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let before = process.threadCpuUsage();
  let worked = 0;
  const watch = setInterval(() => {
    const { user, system } = process.threadCpuUsage(before);
    before = process.threadCpuUsage();
    worked = Math.max(worked, user + system);
  }, 1);
  return {
    longest() {
      const found = { waited: delay.max / 1e6, worked: worked / 1000 };
      delay.reset();
      worked = 0;
      return found;
    },
    dispose() {
      clearInterval(watch);
      delay.disable();
    },
  };
}
