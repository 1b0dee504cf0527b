/**
 * How people become readers, or editors again, in the room where they are. Whether they do is for others to say: rights,
 * the fate of the record, what waits for the journal.
 */
import { type Connection, type Hocuspocus, OutgoingMessage } from '@hocuspocus/server';
import { errors } from '../server/errors.ts';
import type { ConnectionContext } from '../server/session.ts';

/** In place: an unmodified provider takes up its new scope. */
export function setScope(connection: Connection, isReader: boolean): void {
  connection.readOnly = isReader;
  connection.send(new OutgoingMessage(connection.messageAddress).writeAuthenticated(isReader).toUint8Array());
}

/** Who may edit, and typed meanwhile into nothing, comes back with all of it. */
export function bringEditorsBack(connections: readonly Connection<ConnectionContext>[]): void {
  const { closeCode, reason } = errors['may-edit-now'];
  for (const { context } of connections) {
    if (context.session?.access === 'edit') context.socket?.close(closeCode, reason);
  }
}

/** Of everybody in a room of this node. */
export function connectionsIn(
  instance: Hocuspocus | undefined,
  documentName: string,
): Connection<ConnectionContext>[] {
  return instance?.documents.get(documentName)?.getConnections() ?? [];
}
