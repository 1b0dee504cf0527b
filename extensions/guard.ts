/**
 * May this update touch this document? Refused before it is applied: what cannot be read, and a stranger's seed.
 *
 * A document that nobody has edited is in no snapshot. When its record has changed by the next time that it is opened,
 * it grows from another seed, and an editor that still holds the old one would merge it in: the whole bylaw, twice.
 */
import { type beforeSyncPayload, type Document, type Extension, OutgoingMessage } from '@hocuspocus/server';
import { messageYjsSyncStep1 } from 'y-protocols/sync';
import { decodeUpdate } from 'yjs';
import { isSeedClientId } from '../markdown/index.ts';
import { type ErrorCode, errors, RealtimeError } from '../server/errors.ts';
import type { ConnectionContext } from '../server/session.ts';

export class Guard implements Extension<ConnectionContext> {
  async beforeSync(message: beforeSyncPayload<ConnectionContext>): Promise<void> {
    if (message.type === messageYjsSyncStep1) return;
    const clientIds = clientIdsIn(message.payload);
    if (!clientIds) throw refused(message, 'invalid-update');
    for (const clientId of clientIds) {
      if (isSeedClientId(clientId) && !isIn(message.document, clientId)) {
        throw refused(message, 'document-replaced');
      }
    }
  }
}

/** Whose words an update holds; `null` when it cannot be read. */
function clientIdsIn(update: Uint8Array): Set<number> | null {
  try {
    return new Set(decodeUpdate(update).structs.map(({ id }) => id.client));
  } catch {
    return null;
  }
}

function isIn(document: Document, clientId: number): boolean {
  return document.store.clients.has(clientId);
}

/** Says why before the connection is closed; coming back at once would not help, so the socket stays. */
function refused({ connection, document }: beforeSyncPayload, code: ErrorCode): RealtimeError {
  const message = new OutgoingMessage(connection.messageAddress).writePermissionDenied(errors[code].reason);
  connection.send(message.toUint8Array());
  return new RealtimeError(code, { context: { documentName: document.name } });
}
