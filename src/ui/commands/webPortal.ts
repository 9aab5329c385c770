/** Opens the web portal of an experiment that NNI runs. */
import { env, Uri } from 'vscode';
import { l10n } from '../window.ts';
import { Refusal } from './refusal.ts';
import { serverUri } from './serverUri.ts';
import type { Services } from './services.ts';
import { experimentTarget } from './target.ts';

export async function openWebPortal(services: Services, ...args: unknown[]): Promise<void> {
  const { connectionId, summary } = await experimentTarget(services, args, {
    action: 'portal',
    placeHolder: l10n.t('Open the web page of which experiment?'),
  });
  const connection = services.store.connection(connectionId);
  const { name, port, urlPrefix, standalone } = summary;
  let uri: Uri;
  if (standalone && connection?.address !== undefined) {
    uri = await env.asExternalUri(Uri.parse(connection.address));
  } else if (port === undefined) {
    throw new Refusal(l10n.t('Trialdeck does not know the port on which NNI serves {0}.', name));
  } else uri = await serverUri(connection, port, urlPrefix);
  if (!(await env.openExternal(uri))) {
    throw new Refusal(l10n.t('The page was not opened. Its address is {0}', uri.toString(true)));
  }
}
