/** All plots. A new one is a folder beside this file and an entry here. */
import { curves } from './curves/plot.tsx';
import { history } from './history/plot.tsx';

export const plots = { history, curves };
