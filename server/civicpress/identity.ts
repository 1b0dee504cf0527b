/**
 * Asks CivicPress who somebody is and what they may do, and remembers the answer for a short time.
 *
 * `GET /auth/me` is limited to 30 requests in 15 minutes from one address, valid tokens included:
 * so one validation is shared by everybody who waits for it, and its answer is kept by the token's hash.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { RealtimeError } from '../errors.ts';
import type { Access, Credentials, Identity, User } from '../ports.ts';
import { AnswerCache } from './answer-cache.ts';
import { type CivicPressClient, fieldOf } from './client.ts';

export interface IdentityOptions {
  readonly client: CivicPressClient;
  /** How long an answer is believed. */
  readonly cacheMs: number;
  /** Whether CivicPress is told the editor's address, so that its limits count editors and not us. */
  readonly forwardAddress: boolean;
}

const userShape = z.object({
  id: z.union([z.number(), z.string()]),
  username: z.string(),
  name: z.string().nullish(),
  role: z.string(),
  permissions: z.array(z.string()).default([]),
});

/** Longer than any token of CivicPress (129 characters), and safe in a header. */
const plausibleToken = /^[\x21-\x7e]{1,1024}$/;

export class CivicPressIdentity implements Identity {
  readonly #client: CivicPressClient;
  readonly #forwardAddress: boolean;

  /** By token hash; `null` is a token that CivicPress does not know. */
  readonly #users: AnswerCache<User | null>;

  /** By token hash and record, for those who may not edit each record anyway. */
  readonly #access: AnswerCache<Access>;

  constructor(options: IdentityOptions) {
    this.#client = options.client;
    this.#forwardAddress = options.forwardAddress;
    this.#users = new AnswerCache(options.cacheMs);
    // A record that is not there yet may be made in a moment.
    this.#access = new AnswerCache(options.cacheMs, (access) => access !== 'none');
  }

  async userOf(credentials: Credentials): Promise<User> {
    if (!plausibleToken.test(credentials.token)) throw new RealtimeError('not-authenticated');
    const user = await this.#users.get(hashOf(credentials.token), () => this.#validate(credentials));
    if (user === null) throw new RealtimeError('not-authenticated');
    return user;
  }

  async accessTo(recordId: string, credentials: Credentials): Promise<Access> {
    const { permissions } = await this.userOf(credentials);
    // Who may edit records may open each of them; whether it exists shows when it is loaded.
    if (permissions.includes('*') || permissions.includes('records:edit')) return 'edit';
    const key = `${hashOf(credentials.token)} ${recordId}`;
    return this.#access.get(key, () => this.#decideAccess(recordId, credentials));
  }

  async #validate(credentials: Credentials): Promise<User | null> {
    const reply = await this.#send('/auth/me', credentials);
    if (reply.status === 401 || reply.status === 403) return null;
    const user = userShape.safeParse(fieldOf(reply.data, 'user'));
    if (!user.success)
      throw new RealtimeError('civicpress-unavailable', {
        context: { status: reply.status },
        cause: user.error,
      });
    const { id, username, name, role, permissions } = user.data;
    return { id: String(id), name: name || username, role, permissions };
  }

  /**
   * The record must be visible (a draft-only one is visible to editors alone), and rights by record type show
   * in no permission list: only the lock route knows them.
   */
  async #decideAccess(recordId: string, credentials: Credentials): Promise<Access> {
    const record = await this.#send(`/records/${recordId}?edit=true`, credentials);
    if (record.status === 422) throw new RealtimeError('unreadable-record');
    if (record.status !== 200) return 'none';
    const type = fieldOf(record.data, 'type');
    const query = typeof type === 'string' ? `?type=${encodeURIComponent(type)}` : '';
    const lock = await this.#send(`/records/${recordId}/lock${query}`, credentials);
    if (lock.status === 401) throw new RealtimeError('not-authenticated');
    return lock.status === 200 ? 'edit' : 'read';
  }

  #send(path: string, { token, address }: Credentials) {
    const forwardedFor = this.#forwardAddress ? address : undefined;
    return this.#client.send({ method: 'GET', path, token, forwardedFor });
  }
}

/** Tokens are secrets: what stays in memory after the check is their hash. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
