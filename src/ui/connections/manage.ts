/** Commands on a connection: rename it, change its token, retry it, forget it. */

import { type PlainText, plainText } from '../../model/text/plainText.ts';
import { shortAddress } from '../../model/text/serverAddress.ts';
import type { Connection } from '../../store/connection.ts';
import { Refusal, requireAnswer } from '../commands/refusal.ts';
import type { Services } from '../commands/services.ts';
import { askForText, l10n, pick } from '../window.ts';
import * as connect from './connect.ts';

export async function renameConnection(services: Services, ...args: unknown[]): Promise<void> {
  const connection = await target(services, args, l10n.t('Connection to rename'));
  const label = await requireAnswer(
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

/** Asks nothing first: experiments there run on, and connecting again is quick. */
export async function forgetConnection(services: Services, ...args: unknown[]): Promise<void> {
  await services.connections.forget(await target(services, args, l10n.t('Connection to forget')));
}

/** Retries the row's connection; called without a row, every lost one. */
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
  return (await requireAnswer(pick(items, { placeHolder, matchOnDescription: true }))).connection;
}
