/**
 * `POST /api/revoke`: somebody's rights have changed, and this server is to ask CivicPress at once.
 *
 * It bans nobody: who may still be here stays. For whoever has `admin.token`, or the permission `*` in CivicPress.
 */
import type { FastifyInstance } from 'fastify';
import type { RecheckResult } from '../extensions/rights.ts';
import { BadRequest } from './bad-request.ts';
import type { Callers } from './caller.ts';
import { documentNameOf, recordIdOf } from './document-name.ts';
import { RealtimeError } from './errors.ts';
import type { Revocation } from './ports.ts';

export interface RevocationRouteOptions {
  readonly callers: Callers;
  readonly revoke: (revocation: Revocation) => Promise<RecheckResult>;
}

const kinds = ['userId', 'token', 'recordId'] as const;

export async function revocationRoute(
  app: FastifyInstance,
  { callers, revoke }: RevocationRouteOptions,
): Promise<void> {
  app.post('/api/revoke', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    const { user } = await callers.identify(request.raw);
    if (!user.permissions.includes('*')) {
      throw new RealtimeError('administrators-only', { context: { userId: user.id } });
    }
    return revoke(revocationIn(request.body));
  });
}

/** @throws BadRequest, which says what is wrong and repeats nothing of the body */
function revocationIn(body: unknown): Revocation {
  const given = Object.entries(typeof body === 'object' && body !== null ? body : {});
  const [kind, value] = given[0] ?? [];
  const isOne = given.length === 1 && kinds.some((known) => known === kind);
  if (!isOne || typeof value !== 'string' || value === '' || value.length > 1_024) {
    throw new BadRequest('The body is one of {"userId": …}, {"token": …} and {"recordId": …}, with a text.');
  }
  if (kind === 'recordId') recordIdOf(documentNameOf(value));
  return { [kind as string]: value } as unknown as Revocation;
}
