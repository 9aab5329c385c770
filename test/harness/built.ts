/** Builds `dist/` for tests of the built files. */
import { buildAll } from '../../scripts/build.ts';

/** Set by `npm test`, which builds once before the first test: a file must not change while another process reads it. */
export const builtVariable = 'TRIALDECK_TEST_BUILT';

/** Builds `dist/`, unless `npm test` has. */
export async function ensureBuilt(): Promise<void> {
  if (!process.env[builtVariable]) await buildAll({ production: false });
}
