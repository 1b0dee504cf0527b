/**
 * The token that a request bears, and whether it is a certain one.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The token in `Authorization: Bearer …`. */
export function bearerTokenOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

/** In a time that says nothing about where the two differ, or how long they are. */
export function isSame(token: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', token, 'buffer'), hash('sha256', other, 'buffer'));
}
