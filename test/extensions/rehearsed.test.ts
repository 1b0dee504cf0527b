/**
 * What is decided about an update that is tried elsewhere first, while others come and go.
 */
import { type beforeSyncPayload, Document } from '@hocuspocus/server';
import { expect, it } from 'vitest';
import { messageYjsSyncStep2 } from 'y-protocols/sync';
import * as Y from 'yjs';
import { Guard } from '../../extensions/guard.ts';
import { ClientOwners } from '../../server/client-owners.ts';
import type { ConnectionContext } from '../../server/session.ts';

const name = 'record:bylaw';

/** What Alice typed before a crash, and everybody has seen. */
const alice = new Y.Doc();
alice.getText('text').insert(0, 'Shown, and not stored.');
const shown = Y.encodeStateAsUpdate(alice);

function openRoom() {
  const document = new Document(name);
  const owners = new ClientOwners();
  owners.of(name).claim(alice.clientID, 'alice');
  const tried: (() => void)[] = [];
  const guard = new Guard({
    maxDocumentBytes: 1_000_000,
    owners,
    clientsOf: (connection) => (connection.context.session?.user.id === 'alice' ? [alice.clientID] : []),
    foreignNamesTo: () => new Set(),
    rehearsal: {
      isHarmless: () => false,
      hasMoreTypes: () => false,
      rehearse: () => new Promise<number>((resolve) => tried.push(() => resolve(0))),
    } as never,
    events: { emit: () => undefined },
  });
  /** Somebody comes back and brings all that was shown. */
  const bring = (userId: string) => {
    const acknowledgements = { isExchanged: () => true };
    const conduct = { tookLong: () => undefined };
    const context = { session: { user: { id: userId } }, socket: { acknowledgements, conduct } };
    const connection = { context, document, readOnly: false, messageAddress: name, send: () => undefined };
    const message = { connection, context, document, type: messageYjsSyncStep2, payload: shown };
    return guard.beforeSync(message as unknown as beforeSyncPayload<ConnectionContext>);
  };
  return { document, owners, tried, bring };
}

it('[L10] takes from others what somebody is about to bring while that is tried first', async () => {
  const { document, owners, tried, bring } = openRoom();
  const first = bring('alice');
  const second = bring('bob');
  expect(owners.of(name).isBack(alice.clientID)).toBe(false);
  tried[0]?.();
  await first;
  Y.applyUpdate(document, shown);
  tried[1]?.();
  await expect(second).resolves.toBeUndefined();
});

it('[L10] refuses what somebody else brings in a client whose owner has come back while that was tried', async () => {
  const { owners, tried, bring } = openRoom();
  const forged = bring('bob');
  owners.of(name).cameBack(alice.clientID);
  tried[0]?.();
  await expect(forged).rejects.toMatchObject({ code: 'foreign-history' });
});
