/** "Connect to Manager…": asks for an address, detects the server there, and asks for a token when the server needs one. */

import type { Endpoint } from '../../client/endpoint.ts';
import { EndpointError } from '../../client/errors.ts';
import { defined } from '../../model/json/defined.ts';
import { type PlainText, plainText } from '../../model/text/plainText.ts';
import { type AddressProblem, readServerAddress, shortAddress } from '../../model/text/serverAddress.ts';
import { identifyEndpoint } from '../../store/clientFunctions.ts';
import type { Connection } from '../../store/connection.ts';
import { Dismissed, Refusal, requireAnswer } from '../commands/refusal.ts';
import type { Services } from '../commands/services.ts';
import { askForText, l10n, withCancellableProgress } from '../window.ts';

/** Milliseconds. */
const noticeableMs = 500;

/** @param given the initial address */
export async function connectManager(services: Services, given?: unknown): Promise<void> {
  const title = l10n.t('Connect to Manager');
  const address = await requireAnswer(
    askForText({
      title,
      value: typeof given === 'string' ? given : '',
      prompt: l10n.t('Address of a Trialdeck manager, or of a running experiment of NNI'),
      placeHolder: plainText('gpu1:8080'),
      ignoreFocusOut: true,
      problem: (text) => (text === '' ? undefined : addressProblem(text)),
    }),
  );
  const problem = addressProblem(address);
  if (problem !== undefined) throw new Refusal(problem);
  const { endpoint, token } = await identify(services, address, title);
  const known = services.store.connection(endpoint.address);
  if (known) {
    if (token !== undefined) await services.connections.changeToken(known, token);
    await reveal(services, known);
    return;
  }
  if (isOwn(services, endpoint)) {
    await reveal(services, services.store.local);
    throw new Refusal(l10n.t('That is the manager of this machine, which is connected already.'));
  }
  const label = await requireAnswer(
    askForText({
      title,
      value: defaultLabel(endpoint),
      prompt: l10n.t('What it is called in the list of experiments'),
      ignoreFocusOut: true,
    }),
  );
  const remembered = { address: endpoint.address, label: label.trim() || defaultLabel(endpoint) };
  const connection = await services.connections.remember(remembered, token);
  await connection.show();
  await reveal(services, connection);
}

/** Asks for another token and connects with it. */
export async function changeToken(services: Services, connection: Connection): Promise<void> {
  const title = l10n.t('Change Token');
  const { id, label } = connection;
  const { token } = await identify(services, id, title, l10n.t('Token of {0}', label));
  if (token !== undefined) await services.connections.changeToken(connection, token);
}

/** @param question asks for a token first */
async function identify(
  { connections }: Services,
  address: string,
  title: PlainText,
  question?: PlainText,
): Promise<{ endpoint: Endpoint; token: string | undefined }> {
  const read = readServerAddress(address);
  let token = 'problem' in read ? undefined : read.token;
  if (question !== undefined) token = await askToken(title, question);
  else if (token === undefined && !('problem' in read)) {
    token = await connections.token(read.origin + (read.paths[0] ?? ''));
  }
  for (;;) {
    try {
      const abort = new AbortController();
      const found = identifyEndpoint(address, { signal: abort.signal, ...defined({ token }) });
      const endpoint = await withLateProgress(found, l10n.t('Connecting to {0}…', address), abort);
      return { endpoint, token };
    } catch (error) {
      if (!(error instanceof EndpointError)) throw error;
      const { fault, message } = error;
      if (fault !== 'token missing' && fault !== 'token wrong') {
        throw new Refusal(message, {
          title: l10n.t('Try Again'),
          command: 'trialdeck.connectManager',
          args: [address],
        });
      }
      const prompt =
        fault === 'token missing'
          ? l10n.t('{0} asks for a token. `trialdeck manager start` says which.', shortAddress(error.server))
          : l10n.t('That is not the token of {0}. Try again.', shortAddress(error.server));
      token = await askToken(title, prompt);
    }
  }
}

/** Shows progress with a Cancel button once the work takes noticeably long. */
async function withLateProgress<T>(work: Promise<T>, title: PlainText, abort: AbortController): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), noticeableMs);
  });
  const result = await Promise.race([work.then((value) => ({ value })), late]).finally(() => clearTimeout(timer));
  if (result) return result.value;
  return withCancellableProgress(title, (cancellation) => {
    cancellation.onCancellationRequested(() => abort.abort(new Dismissed()));
    return work;
  });
}

async function askToken(title: PlainText, prompt: PlainText): Promise<string> {
  const text = await requireAnswer(askForText({ title, prompt, password: true, ignoreFocusOut: true }));
  const token = text.trim();
  if (token === '') throw new Dismissed();
  return token;
}

/** The manager that this window found itself. */
function isOwn({ store }: Services, endpoint: Endpoint): boolean {
  const { status } = store.local;
  if (endpoint.kind !== 'manager' || status.state !== 'connected') return false;
  const plain = (address: string) => address.replace('//localhost:', '//127.0.0.1:');
  return plain(status.address) === plain(endpoint.address);
}

async function reveal({ explorer }: Services, connection: Connection): Promise<void> {
  // The local connection has a row only when it has experiments.
  if (connection.kind === 'local' && connection.models.size === 0) return;
  // Connecting takes seconds: the user may be typing elsewhere by now.
  await explorer.reveal({ connectionId: connection.id }, { expand: true });
}

function defaultLabel(endpoint: Endpoint): string {
  const address = shortAddress(endpoint.address);
  switch (endpoint.kind) {
    case 'manager':
      return address;
    case 'runner':
      return `${address} ${endpoint.summary.name}`;
    case 'nni': {
      const name = endpoint.profile?.params.experimentName ?? endpoint.profile?.id;
      return typeof name === 'string' ? `${address} ${name}` : address;
    }
  }
}

function addressProblem(text: string): PlainText | undefined {
  const read = readServerAddress(text);
  return 'problem' in read ? addressWords(read.problem) : undefined;
}

function addressWords(problem: AddressProblem): PlainText {
  switch (problem) {
    case 'empty':
      return l10n.t('No address was given.');
    case 'nonsense':
      return l10n.t('This is not an address. Write it like {0} or {1}.', 'gpu1:8080', 'https://gpu1.example.org/nni');
    case 'scheme':
      return l10n.t('Only addresses with http:// and https:// can be connected to.');
    case 'port':
      return l10n.t('The address needs a port from 1 to 65535, as in {0}.', 'gpu1:8080');
  }
}
