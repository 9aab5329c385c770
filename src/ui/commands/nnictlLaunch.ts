/** Starts and resumes experiments with a real NNI. They then appear like every other experiment. */
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { Range, type Uri, window, workspace } from 'vscode';
import { NnictlError, NnictlMissingError } from '../../client/errors.ts';
import type { NnictlLaunched } from '../../client/nnictl/nnictl.ts';
import { type ExperimentRef, samePath } from '../experiments.ts';
import { l10n } from '../window.ts';
import { keyPlace } from './keyPlace.ts';
import { Refusal } from './refusal.ts';
import type { Services } from './services.ts';
import { storeUntil } from './storeUntil.ts';

/** Timeout for reading NNI's list of experiments, in milliseconds. */
const listingTimeoutMs = 15_000;

export type NnictlTarget = { action: 'create'; configFile: Uri } | { action: 'resume'; id: string };

/** @throws Error with nnictl's own message, or the signal's reason when cancelled */
export async function launchWithNnictl(
  services: Services,
  what: NnictlTarget,
  signal: AbortSignal,
): Promise<ExperimentRef> {
  const resource = what.action === 'create' ? what.configFile : workspace.workspaceFolders?.[0]?.uri;
  try {
    const { nnictl, environment } = await services.nnictls.find(resource, signal);
    services.log.info(`${nnictl.path} of NNI ${nnictl.version} is asked to ${what.action} an experiment`);
    const options = { environment, signal };
    const launched =
      what.action === 'create'
        ? await nnictl.create(what.configFile.fsPath, options)
        : await nnictl.resume(what.id, options);
    return await whenListed(services, launched);
  } catch (error) {
    if (error instanceof NnictlMissingError) {
      const args = ['@id:trialdeck.nnictlPath'];
      const remedy = { title: l10n.t('Open Setting'), command: 'workbench.action.openSettings', args };
      throw new Refusal(error.message, remedy);
    }
    if (error instanceof NnictlError) {
      services.log.error(`${error.command}\n${error.output.join('\n')}`);
      if (what.action === 'create') await showKey(what.configFile, error);
    }
    throw error;
  }
}

/** Shows the key of the config that NNI's error names. */
async function showKey(configFile: Uri, error: NnictlError): Promise<void> {
  const document = await workspace.openTextDocument(configFile);
  const place = keyPlace(document.getText(), error.message);
  if (!place) return;
  const selection = new Range(document.positionAt(place.start), document.positionAt(place.end));
  // NNI takes seconds to refuse: the user may be typing elsewhere by now.
  await window.showTextDocument(document, { selection, preserveFocus: true });
  const line = selection.start.line + 1;
  throw new Error(l10n.t('{0}, line {1}: {2}', basename(configFile.fsPath), line, error.message));
}

/** The experiment appears by itself when the shown folder is NNI's own, else through a new connection. */
async function whenListed(services: Services, launched: NnictlLaunched): Promise<ExperimentRef> {
  const { store, settings, connections } = services;
  const { id, port, urlPrefix } = launched;
  if (samePath(settings.experimentsDirectory, join(homedir(), 'nni-experiments'))) {
    const connectionId = store.local.id;
    await store.local.connect({ start: true });
    const listed = await storeUntil(store, () => store.summary(connectionId, id)?.live || undefined, listingTimeoutMs);
    if (listed) return { connectionId, experimentId: id };
  }
  const address = `http://127.0.0.1:${port}${urlPrefix === undefined ? '' : `/${urlPrefix}`}`;
  const connection = await connections.remember({ address, label: l10n.t('NNI on port {0}', port) }, undefined);
  await connection.show();
  return { connectionId: connection.id, experimentId: id };
}
