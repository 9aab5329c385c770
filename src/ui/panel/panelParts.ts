/** The modules that the panel manager loads with the first panel. */
export { ExperimentPanel, resourceRoots } from './experimentPanel.ts';
export { readPageState } from './messages.ts';
