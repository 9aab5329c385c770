/** What of NNI's configs the embedded manager can run. */
import { algorithmNames, algorithms, findAlgorithm } from './algorithms.ts';
import type { ExperimentConfig } from './config.ts';
import { whyNotHere } from './platforms/registry.ts';

export type EmbeddedSupport = { supported: true } | { supported: false; reason: string; path: string[] };

/** Whether it can, and if not why, in words for a person, with the place in the config. */
export function embeddedSupport(config: ExperimentConfig): EmbeddedSupport {
  const refuse = (path: string[], reason: string): EmbeddedSupport => ({ supported: false, reason, path });
  if (config.experimentType !== 'hpo') return refuse(['experimentType'], 'Architecture search does not run here yet.');
  const elsewhere = whyNotHere(config.trainingService.platform);
  if (elsewhere !== undefined) return refuse(['trainingService', 'platform'], elsewhere);
  const running = algorithmNames('tuner').filter((name) => algorithms[name]?.embedded);
  const list = `${running.slice(0, -1).join(', ')} and ${running.at(-1)}`;
  const { tuner, assessor } = config;
  if (!tuner) return refuse(['tuner'], `An experiment needs a tuner: ${list} run here.`);
  if (!tuner.name || !findAlgorithm(tuner.name, 'tuner')?.rule.embedded) {
    return refuse(['tuner'], `The tuner ${tuner.name ?? tuner.className ?? ''} does not run here yet; ${list} do.`);
  }
  if (assessor) {
    return refuse(
      ['assessor'],
      `The assessor ${assessor.name ?? assessor.className ?? ''} does not run here yet; leave it out.`,
    );
  }
  return { supported: true };
}
