/** Root hooks of the UI level: when a step of a story fails, what the person would have seen is kept as a picture. */
import { openWorkbenches } from './workbench.ts';

export const mochaHooks = {
  async afterEach(this: Mocha.Context) {
    const test = this.currentTest;
    if (test?.state !== 'failed') return;
    for (const workbench of openWorkbenches) {
      const name = `failed-${test.fullTitle().replaceAll(/\W+/g, '-')}`;
      const path = await workbench.picture(name).catch(() => undefined);
      if (path) console.log(`      picture: ${path}`);
    }
  },
};
