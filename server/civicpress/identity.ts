/**
 * Asks CivicPress who somebody is and what they may do, and remembers the answer for a short time.
 *
 * `GET /auth/me` is limited to 30 requests in 15 minutes from one address, valid tokens included, and all other routes
 * together to 1,000. Whose a token is never changes: that is asked once. Whether its session lasts, and whether its user
 * may edit, says the lock route, for any record id: so a token that somebody made up never reaches `/auth/me`. Whether an
 * administrator still is one says a route that only they may call.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { RealtimeError } from '../errors.ts';
import type { Access, Credentials, Identity, Pace, Revocation, User } from '../ports.ts';
import { AnswerCache } from './answer-cache.ts';
import { type CivicPressClient, fieldOf } from './client.ts';
import { Strangers } from './strangers.ts';

export interface IdentityOptions {
  readonly client: CivicPressClient;
  /** How long an answer is believed. */
  readonly cacheMs: number;
  /** Whether CivicPress is told the editor's address, so that its limits count editors and not us. */
  readonly forwardAddress: boolean;
  /** How long somebody is taken for an administrator before `/auth/me` is asked again; 15 minutes when unset. */
  readonly administratorMs?: number | undefined;
}

/** What anybody may know of a published record. */
interface PublishedRecord {
  /** Such as `bylaw`; empty when it has none. */
  readonly type: string;
  readonly isReadable: boolean;
}

/** What CivicPress says that somebody may do now. */
interface Rights {
  readonly mayEdit: boolean;
  /** `undefined`: it does not say. */
  readonly isAdministrator: boolean | undefined;
}

/** Whose a token is. */
interface Owner {
  readonly user: User;
  /** Whether what is known of them beside their id may have changed. */
  isDoubtful: boolean;
  /** When `/auth/me` said so, in monotonic ms. */
  readonly saidAt: number;
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

/** A token that is unknown stays so: a window that was left open overnight goes on asking. */
const unknownMs = 15 * 60_000;

/** For administrators alone: it lists the names of CivicPress' caches, and has nothing to look up for that. */
const administratorsPath = '/cache/list';

/** It is for whoever has `system:admin`, which may be more than those who have `*`: so `/auth/me` is asked so often. */
const administratorMs = 15 * 60_000;

/** In a re-check, what one reader of a record was told about it a moment ago does for the next one as well. */
const sharedMs = 5_000;

/** Beyond so many, who came first is asked about again. */
const maxOwners = 10_000;

export class CivicPressIdentity implements Identity {
  readonly #client: CivicPressClient;
  readonly #forwardAddress: boolean;
  readonly #administratorMs: number;
  readonly #strangers: Strangers;

  /** Whose tokens they are, by token hash; in order of coming. */
  readonly #owners = new Map<string, Owner>();

  /** By token hash; `null` is a token that CivicPress does not know. */
  readonly #users: AnswerCache<User | null>;

  /** Whether somebody who may not edit each record may edit those of a type, by token hash and type. */
  readonly #mayEditType: AnswerCache<boolean>;

  /** By record id, for everybody: drafts are not among them. */
  readonly #published: AnswerCache<PublishedRecord | null>;

  constructor(options: IdentityOptions) {
    this.#client = options.client;
    this.#forwardAddress = options.forwardAddress;
    this.#administratorMs = options.administratorMs ?? administratorMs;
    this.#strangers = new Strangers({ isCountedByAddress: options.forwardAddress });
    this.#users = new AnswerCache((user) => (user === null ? unknownMs : options.cacheMs));
    this.#mayEditType = new AnswerCache(options.cacheMs);
    // A record that is not there yet may be made in a moment.
    this.#published = new AnswerCache((record) => (record === null ? 0 : options.cacheMs));
  }

  async userOf(credentials: Credentials): Promise<User> {
    if (!plausibleToken.test(credentials.token)) throw new RealtimeError('not-authenticated');
    const hash = hashOf(credentials.token);
    const user = await this.#users.get(hash, () => this.#validate(hash, credentials));
    if (user === null) throw new RealtimeError('not-authenticated');
    return user;
  }

  async accessTo(recordId: string, credentials: Credentials): Promise<Access> {
    const user = await this.userOf(credentials);
    // Who may edit records may open each of them; whether it exists shows when it is loaded.
    if (mayEditAll(user)) return 'edit';
    const record = await this.#published.get(recordId, () => this.#find(recordId, credentials));
    if (record === null) return 'none';
    if (!record.isReadable) throw new RealtimeError('unreadable-record');
    const key = typeKey(hashOf(credentials.token), record.type);
    const mayEdit = await this.#mayEditType.get(key, () => this.#askForType(record.type, credentials));
    return mayEdit ? 'edit' : 'read';
  }

  async renew(credentials: Credentials, recordIds: readonly string[]): Promise<void> {
    const hash = hashOf(credentials.token);
    const types = await this.#typesToAsk(hash, recordIds, credentials);
    if (types.length === 0) {
      this.#mayEditType.forget((key) => key.startsWith(hash));
      const user = await this.#users.renew(hash, () => this.#validate(hash, credentials));
      if (user === null) throw new RealtimeError('not-authenticated');
      return;
    }
    await Promise.all(
      types.map((type) =>
        this.#mayEditType.renew(typeKey(hash, type), () => this.#askForType(type, credentials)),
      ),
    );
  }

  askedAt({ token }: Credentials): number {
    return this.#users.answeredAt(hashOf(token)) ?? performance.now();
  }

  forget(revocation: Revocation): void {
    if ('recordId' in revocation) return this.#published.forget((id) => id === revocation.recordId);
    const hashes =
      'token' in revocation
        ? [hashOf(revocation.token)]
        : [...this.#owners].filter(([, { user }]) => user.id === revocation.userId).map(([hash]) => hash);
    for (const hash of hashes) {
      const owner = this.#owners.get(hash);
      if (owner) owner.isDoubtful = true;
      this.#forgetRights(hash);
    }
  }

  paceOf({ address }: Credentials): Pace {
    const forwardedFor = this.#forwardAddress ? address : undefined;
    const pauseMs = this.#client.pauseMs({ path: lockPath(), forwardedFor });
    return { counter: forwardedFor ?? '', pauseMs };
  }

  #forgetRights(hash: string): void {
    this.#users.forget((key) => key === hash);
    this.#mayEditType.forget((key) => key.startsWith(hash));
  }

  async #validate(hash: string, credentials: Credentials): Promise<User | null> {
    const owner = this.#owners.get(hash);
    const rights = owner
      ? await this.#askForRights(owner.user, credentials)
      : await this.#strangers.ask(credentials.address, () => this.#askForRights(null, credentials));
    if (rights === null) {
      this.#owners.delete(hash);
      return null;
    }
    if (owner && !this.#isDoubtful(owner, rights) && mayEditAll(owner.user) === rights.mayEdit)
      return owner.user;
    return this.#introduce(hash, credentials, rights, owner);
  }

  #isDoubtful({ user, isDoubtful, saidAt }: Owner, rights: Rights): boolean {
    if (isDoubtful || !isAdministrator(user)) return isDoubtful;
    return rights.isAdministrator === false || performance.now() - saidAt >= this.#administratorMs;
  }

  /** `null` for a token that CivicPress does not know, or whose session has ended. */
  async #askForRights(known: User | null, credentials: Credentials): Promise<Rights | null> {
    let stillIs: boolean | undefined;
    if (known && isAdministrator(known)) {
      const { status } = await this.#send(administratorsPath, credentials);
      if (status === 401) return null;
      if (status === 200) return { mayEdit: true, isAdministrator: true };
      // A CivicPress without this route does not say.
      if (status === 403) stillIs = false;
    }
    const mayEdit = await this.#askToEdit(lockPath(), credentials);
    return mayEdit === null ? null : { mayEdit, isAdministrator: stillIs };
  }

  /** Asks whose token it is: once, and again when their rights have changed. */
  async #introduce(
    hash: string,
    credentials: Credentials,
    rights: Rights,
    owner: Owner | undefined,
  ): Promise<User | null> {
    let isDoubtful = false;
    const answer = await this.#askWho(credentials).catch((error) => {
      if (!owner) throw error;
      // Who it is is known, and what they may edit as well. An administrator is one while CivicPress says so.
      isDoubtful = true;
      const { permissions } = owner.user;
      const others = permissions.filter((permission) => permission !== '*');
      return { ...owner.user, permissions: rights.isAdministrator ? permissions : others };
    });
    if (answer === null) return null;
    const user = { ...answer, permissions: permissionsOf(answer, rights.mayEdit) };
    this.#owners.delete(hash);
    this.#owners.set(hash, { user, isDoubtful, saidAt: performance.now() });
    const oldest = this.#owners.keys().next().value;
    if (this.#owners.size > maxOwners && oldest !== undefined) this.#owners.delete(oldest);
    return user;
  }

  async #askWho(credentials: Credentials): Promise<User | null> {
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

  /** `null` for a token that CivicPress does not know, or whose session has ended. */
  async #askToEdit(path: string, credentials: Credentials): Promise<boolean | null> {
    const { status } = await this.#send(path, credentials);
    if (status === 401) return null;
    if (status === 200 || status === 403) return status === 200;
    throw new RealtimeError('civicpress-unavailable', { context: { status } });
  }

  /** Rights by record type show in no permission list: only the lock route knows them. */
  async #askForType(type: string, credentials: Credentials): Promise<boolean> {
    const mayEdit = await this.#askToEdit(lockPath(type), credentials);
    if (mayEdit !== null) return mayEdit;
    this.#forgetRights(hashOf(credentials.token));
    throw new RealtimeError('not-authenticated');
  }

  /** The published one, which anybody may see: a draft-only record is for those who may edit each record. */
  async #find(recordId: string, credentials: Credentials): Promise<PublishedRecord | null> {
    const record = await this.#send(`/records/${recordId}`, credentials);
    const isReadable = record.status === 200;
    if (!isReadable && record.status !== 422) return null;
    const type = fieldOf(record.data, 'type');
    return { type: typeof type === 'string' ? type : '', isReadable };
  }

  /**
   * For somebody who may not edit each record, the types of these: what is asked about them tells as well whether the
   * session lasts. Empty for everybody else.
   */
  async #typesToAsk(
    hash: string,
    recordIds: readonly string[],
    credentials: Credentials,
  ): Promise<readonly string[]> {
    const owner = this.#owners.get(hash);
    if (!owner || mayEditAll(owner.user)) return [];
    const records = await Promise.all(
      recordIds.map((id) => this.#published.get(id, () => this.#find(id, credentials), sharedMs)),
    );
    return [...new Set(records.flatMap((record) => (record?.isReadable ? [record.type] : [])))];
  }

  #send(path: string, { token, address }: Credentials) {
    const forwardedFor = this.#forwardAddress ? address : undefined;
    return this.#client.send({ method: 'GET', path, token, forwardedFor });
  }
}

/** Answers for any id: 200 or 403 by the right to edit, 401 without a session. */
function lockPath(type = ''): string {
  return `/records/any/lock${type === '' ? '' : `?type=${encodeURIComponent(type)}`}`;
}

function typeKey(hash: string, type: string): string {
  return `${hash} ${type}`;
}

function isAdministrator({ permissions }: User): boolean {
  return permissions.includes('*');
}

function mayEditAll({ permissions }: User): boolean {
  return permissions.includes('*') || permissions.includes('records:edit');
}

/** What the lock route said a moment ago counts. */
function permissionsOf(user: User, mayEdit: boolean): readonly string[] {
  if (mayEditAll(user) === mayEdit) return user.permissions;
  if (mayEdit) return [...user.permissions, 'records:edit'];
  return user.permissions.filter((permission) => permission !== '*' && permission !== 'records:edit');
}

/** Tokens are secrets: what stays in memory after the check is their hash. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
