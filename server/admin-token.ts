/**
 * Tells whether a request bears the admin token.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RealtimeError } from './errors.ts';

/** The token in `Authorization: Bearer …`. */
export function bearerTokenOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

/** In a time that says nothing about where the two differ, or how long they are. */
export function isSame(token: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', token, 'buffer'), hash('sha256', other, 'buffer'));
}

/**
 * A hook for routes that are no record's: they are for whoever has `admin.token`.
 *
 * @param adminToken unset: for nobody
 */
export function onlyForAdministrators(adminToken: string | undefined) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    const token = bearerTokenOf(request);
    const isAdministrator = token !== undefined && adminToken !== undefined && isSame(token, adminToken);
    if (!isAdministrator) throw new RealtimeError('not-authenticated');
  };
}
