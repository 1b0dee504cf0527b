/**
 * Who may use the API: administrators all of it, whoever may edit a record what is of that record.
 *
 * Rights are asked first, and without an answer nobody gets in; a record that somebody may not see looks like one that
 * does not exist. An administrator has `admin.token`, or the permission `*` in CivicPress.
 */
import type { FastifyRequest } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Callers } from '../caller.ts';
import { documentNameOf, recordIdOf } from '../document-name.ts';
import { RealtimeError } from '../errors.ts';
import type { Identity, User } from '../ports.ts';

export interface AccessOptions {
  readonly callers: Callers;
  readonly identity: Pick<Identity, 'accessTo'>;
}

/** Requests of one address: a page that looks each second and somebody who works with it are far below. */
const perMinute = 1_200;

/** Refuses who asks more often than any page or person does. */
export class RequestRate {
  readonly #limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });

  /** @throws RealtimeError `too-many-requests` */
  async count(address: string): Promise<void> {
    await this.#limiter.consume(address).catch((refusal: unknown) => {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw new RealtimeError('too-many-requests', { retryAfterMs: refusal.msBeforeNext });
    });
  }
}

export class ApiAccess {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** @throws RealtimeError `administrators-only`, and what `Callers` throws */
  async administrator(request: FastifyRequest): Promise<User> {
    const { user } = await this.#options.callers.identify(request.raw);
    if (isAdministrator(user)) return user;
    throw new RealtimeError('administrators-only', { context: { userId: user.id } });
  }

  /** @throws RealtimeError `not-allowed`, `no-such-record`, and what `Callers` throws */
  async editorOf(request: FastifyRequest, recordId: string): Promise<User> {
    const { callers, identity } = this.#options;
    const { user, credentials } = await callers.identify(request.raw);
    const access = credentials === null ? 'edit' : await identity.accessTo(recordId, credentials);
    if (access === 'edit') return user;
    const code = access === 'read' ? 'not-allowed' : 'no-such-record';
    throw new RealtimeError(code, { context: { userId: user.id } });
  }
}

export function isAdministrator({ permissions }: User): boolean {
  return permissions.includes('*');
}

/** @throws RealtimeError `invalid-document-name` */
export function documentOf(recordId: string): string {
  const documentName = documentNameOf(recordId);
  recordIdOf(documentName);
  return documentName;
}
