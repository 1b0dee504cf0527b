/**
 * The mark on edits that came from another node by the journal: they are in it already, and nobody here made them.
 */
import type { LocalTransactionOrigin } from '@hocuspocus/server';
import type { Contributor } from '../server/ports.ts';

interface FollowedOrigin extends LocalTransactionOrigin {
  readonly isFollowed: true;
}

/** Everything that looks at whose edit it is sees the one who made it elsewhere. */
export function followedFrom(user: Contributor | null): FollowedOrigin {
  const context = user ? { session: { user, access: 'edit' } } : {};
  return { source: 'local', skipStoreHooks: true, context, isFollowed: true };
}

export function isFollowed(origin: unknown): boolean {
  return typeof origin === 'object' && origin !== null && 'isFollowed' in origin;
}
