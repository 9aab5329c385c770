/** What one does with a connection that is there: rename it, give it another token, try it again, forget it. */

import { type PlainText, plainText } from '../../model/text/plainText.ts';
import { shortAddress } from '../../model/text/serverAddress.ts';
import type { Connection } from '../../store/connection.ts';
import { chosen, Refusal } from '../commands/refusal.ts';
import type { Services } from '../commands/services.ts';
import { askForText, l10n, pick } from '../window.ts';
import * as connect from './connect.ts';

export async function renameConnection(services: Services, ...args: unknown[]): Promise<void> {
  const connection = await target(services, args, l10n.t('Connection to rename'));
  const label = await chosen(
    askForText({
      title: l10n.t('Rename Connection'),
      value: connection.label,
      prompt: l10n.t('What it is called in the list of experiments'),
      problem: (text) => (text.trim() === '' ? l10n.t('It needs a name.') : undefined),
    }),
  );
  if (label.trim() !== '') await services.connections.rename(connection, label.trim());
}

export async function changeToken(services: Services, ...args: unknown[]): Promise<void> {
  await connect.changeToken(services, await target(services, args, l10n.t('Connection to give another token')));
}

/** What runs there runs on, and connecting again takes a moment: nothing is asked. */
export async function forgetConnection(services: Services, ...args: unknown[]): Promise<void> {
  await services.connections.forget(await target(services, args, l10n.t('Connection to forget')));
}

/** That of the row; without one, all that need it. */
export async function retryConnection({ store }: Services, ...args: unknown[]): Promise<void> {
  const named = connectionOf(store, args[0]);
  const wanted = named ? [named] : store.connections;
  await Promise.all(wanted.map((connection) => connection.retry()));
}

function connectionOf(store: Services['store'], value: unknown): Connection | undefined {
  if (typeof value !== 'object' || value === null || !('connectionId' in value)) return undefined;
  return typeof value.connectionId === 'string' ? store.connection(value.connectionId) : undefined;
}

async function target({ store }: Services, args: readonly unknown[], placeHolder: PlainText): Promise<Connection> {
  const named = connectionOf(store, args[0]);
  if (named && named.kind === 'remote') return named;
  const remote = store.connections.filter(({ kind }) => kind === 'remote');
  const [only, another] = remote;
  if (!only) throw new Refusal(l10n.t('There is no connection to another manager.'));
  if (!another) return only;
  const items = remote.map((connection) => ({
    label: plainText(connection.label),
    description: plainText(shortAddress(connection.address ?? '')),
    connection,
  }));
  return (await chosen(pick(items, { placeHolder, matchOnDescription: true }))).connection;
}
