/** What the panels' manager loads for the first panel. */
export { ExperimentPanel, resourceRoots } from './experimentPanel.ts';
export { readPageState } from './messages.ts';
