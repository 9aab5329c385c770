/** Reads the text of log documents through the experiment's client. */
import type { Store } from '../../store/store.ts';
import type { LogSource } from './logDocuments.ts';

export function logSource(store: Store): LogSource {
  return {
    async read({ connectionId, experimentId, trialId, name }, maxBytes) {
      const client = store.client(connectionId, experimentId);
      return trialId === undefined
        ? client.readExperimentLog({ maxBytes, name })
        : client.readTrialFile(trialId, name, { maxBytes });
    },
    grows({ connectionId, experimentId, trialId }) {
      const model = store.experiment(connectionId, experimentId);
      if (!model?.summary.live) return false;
      const row = trialId === undefined ? undefined : model.trials.get(trialId)?.row;
      return row === undefined || row.status === 'RUNNING' || row.status === 'WAITING';
    },
    onDidChange(listener) {
      return store.onDidChange(({ experiments }) => {
        for (const model of experiments.keys()) listener({ connectionId: model.connectionId, experimentId: model.id });
      });
    },
  };
}
