/**
 * The embedded CivicPress API: a real HTTP server over a folder of Markdown records.
 *
 * The demo and the tests talk to it through the client that production uses, so it answers as CivicPress v0.3.1
 * was recorded to answer, traps included. This file opens the stores and listens; `api.ts` holds the routes.
 */
import { join } from 'node:path';
import { type Account, Accounts, type ConfiguredUser } from './accounts.ts';
import { buildApi } from './api.ts';
import { type CollabSnapshot, CollabSnapshots } from './collab-snapshots.ts';
import { Collection } from './collection.ts';
import { type Draft, Drafts } from './drafts.ts';
import { reportFailure } from './errors.ts';
import { type Lock, Locks } from './locks.ts';
import { RateLimits } from './rate-limits.ts';
import { RecordFiles } from './record-files.ts';
import { Roles } from './roles.ts';
import { type Session, Sessions } from './sessions.ts';

export type { ConfiguredUser } from './accounts.ts';
export { installSampleRecords, installSampleSpecs } from './samples.ts';

export interface EmbeddedCivicPressOptions {
  /** Folder of published records: `<id>.md` or `records/<type>/<year>/<id>.md`, YAML frontmatter and body. */
  recordsDir: string;
  /** Folder for accounts, sessions, drafts, locks and snapshots: JSON files that survive a restart. */
  dataDir: string;
  /** Accounts with a password, created or brought up to date at each start. Default: none. */
  users?: readonly ConfiguredUser[];
  /** Record types that a role may create and edit besides its listed permissions, by role name. */
  roleRecordTypes?: Readonly<Record<string, readonly string[]>>;
  /** Whether to count requests as CivicPress does: 30 on `/auth`, 1,000 in all, per 15 minutes and address. */
  rateLimits?: boolean;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** The clock, in milliseconds. */
  now?: () => number;
  /** Whether the planned `collab-snapshot` route exists. Default true; v0.3.1 answers 404. */
  collabSnapshots?: boolean;
  /** What `POST /records/:id/snapshot` asks of the realtime server. Default: there is no live room. */
  onSnapshotRequested?: (recordId: string) => Promise<{ snapshotCreated: boolean; version: number | null }>;
}

export interface EmbeddedCivicPress {
  /** `http://<host>:<port>`; the API is below it at `/api/v1`. */
  readonly url: string;
  readonly port: number;
  /** Stops listening, drops open connections, and waits until everything written is on disk. */
  close(): Promise<void>;
  /** Test aid, like an operator's hand: ends every session of the user at once. */
  revokeSessions(username: string): void;
  /** Test aid, like an operator's hand: the user's next request has the new role. */
  setRole(username: string, role: string): void;
  /** Test aid, like an operator's hand: deletes the account; its sessions are nobody's from then on. */
  deleteUser(username: string): void;
}

/**
 * Starts the API and resolves when it listens.
 *
 * @throws when the data folder cannot be read or the port is taken.
 * @example
 * const civicpress = await startEmbeddedCivicPress({ recordsDir: 'data/records', dataDir: 'data/civicpress' });
 */
export async function startEmbeddedCivicPress(
  options: EmbeddedCivicPressOptions,
): Promise<EmbeddedCivicPress> {
  const now = options.now ?? Date.now;
  const folder = (name: string) => join(options.dataDir, name);
  const collections = {
    accounts: await Collection.open<Account>(folder('accounts')),
    sessions: await Collection.open<Session>(folder('sessions')),
    drafts: await Collection.open<Draft>(folder('drafts')),
    locks: await Collection.open<Lock>(folder('locks')),
    collabSnapshots: await Collection.open<CollabSnapshot>(folder('collab-snapshots')),
  };
  const accounts = new Accounts(collections.accounts);
  const sessions = new Sessions(collections.sessions, now);
  await accounts.configure(options.users ?? []);

  const api = buildApi({
    roles: new Roles(options.roleRecordTypes ?? {}),
    accounts,
    sessions,
    records: new RecordFiles(options.recordsDir),
    drafts: new Drafts(collections.drafts, now),
    locks: new Locks(collections.locks, now),
    collabSnapshots:
      options.collabSnapshots === false ? null : new CollabSnapshots(collections.collabSnapshots, now),
    rateLimits: options.rateLimits ? new RateLimits(now) : null,
    requestSnapshot: options.onSnapshotRequested ?? (async () => ({ snapshotCreated: false, version: null })),
    now,
  });
  const host = options.host ?? '127.0.0.1';
  await api.listen({ host, port: options.port ?? 0 });
  const address = api.server.address();
  const port = typeof address === 'object' && address ? address.port : 0;

  return {
    url: `http://${host}:${port}`,
    port,
    async close() {
      await api.close();
      await Promise.all(Object.values(collections).map((collection) => collection.settled()));
    },
    revokeSessions(username) {
      const account = accounts.named(username);
      if (account) sessions.endAllOf(account.id).catch(reportFailure);
    },
    setRole(username, role) {
      accounts.setRole(username, role).catch(reportFailure);
    },
    deleteUser(username) {
      const account = accounts.named(username);
      // An id may be given again.
      if (account) sessions.endAllOf(account.id).catch(reportFailure);
      accounts.delete(username).catch(reportFailure);
    },
  };
}
