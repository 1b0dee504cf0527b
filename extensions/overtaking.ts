/**
 * An edit that comes ahead of what it builds on, while states are exchanged.
 *
 * Who comes back with what a crash has lost sends what is typed now at once, and what is missing a moment later, with all
 * of it. Yjs would put the words of such an edit aside, and apply what it deletes: a paragraph that is split would lose its
 * end until the rest has come, and for good when the server is killed before. So the exchange brings the whole edit.
 */
import type { Connection } from '@hocuspocus/server';
import type { ConnectionContext } from '../server/session.ts';
import { lacksHistory, type Update } from '../server/update-facts.ts';

/** Whether it is to be left out, because it comes again. What comes behind the exchange, and lacks something, is refused. */
export function overtakes(
  { document, context, messageAddress, readOnly }: Connection<ConnectionContext>,
  update: Update,
): boolean {
  if (readOnly || context.socket.acknowledgements.isExchanged(messageAddress)) return false;
  return lacksHistory(document, update);
}

/** Makes an update say nothing, where Hocuspocus is about to apply it: no words, no deletions; Yjs reads no further. */
export function silence(update: Uint8Array): void {
  update.fill(0, 0, 2);
}
