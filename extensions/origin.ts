/**
 * Whose edit is this? Hocuspocus puts it into the origin of each transaction: a connection, or what a server-side edit
 * says of itself.
 */
import { isTransactionOrigin } from '@hocuspocus/server';
import type { ConnectionContext } from '../server/session.ts';

/** `undefined` for an edit that says nothing of that. */
export function contextOf(origin: unknown): Partial<ConnectionContext> | undefined {
  if (!isTransactionOrigin(origin)) return undefined;
  if (origin.source === 'connection') return origin.connection.context;
  return origin.source === 'local' ? origin.context : undefined;
}
