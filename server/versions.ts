/**
 * The versions of a record's document: to list, read, name and compare them, and to make one the present again; and who
 * wrote what the present one holds.
 *
 * To restore is an edit like any other: everybody in the room sees it at once, it is in the journal, and the state
 * before it is a version, so that restoring that one takes it back.
 */
import type { Document, Hocuspocus } from '@hocuspocus/server';
import type { Notices } from '../extensions/notices.ts';
import type { Persistence } from '../extensions/persistence.ts';
import { authorsOf, type BlockAuthors } from './authorship.ts';
import type { ClientOwners } from './client-owners.ts';
import type { Converter, StoredVersion } from './conversion/converter.ts';
import { RealtimeError } from './errors.ts';
import type { Announcer } from './events.ts';
import type { Logger, SnapshotInfo, SnapshotStore, User } from './ports.ts';
import type { Rewriting } from './rewriting.ts';
import type { ConnectionContext } from './session.ts';
import type { Turns } from './turns.ts';
import type { Visits } from './visits.ts';

export interface VersionsOptions {
  readonly hocuspocus: Hocuspocus<ConnectionContext>;
  readonly snapshots: SnapshotStore;
  readonly converter: Converter;
  readonly visits: Visits;
  readonly rewriting: Rewriting;
  readonly persistence: Pick<Persistence, 'snapshotNow'>;
  readonly notices: Notices;
  readonly owners: ClientOwners;
  readonly events: Announcer;
  /** Of changes to a whole document. */
  readonly turns: Turns;
  readonly log: Logger;
}

/** What became of a restore, as revisions. */
export interface Restored {
  readonly restored: number;
  /** The state before: restoring it takes this restore back. */
  readonly before: number;
  /** The state now. */
  readonly revision: number;
}

/** Somebody whose name is not known any more has `null`. */
export type NamedBlockAuthors = Omit<BlockAuthors, 'authors'> & {
  readonly authors: readonly (BlockAuthors['authors'][number] & { readonly name: string | null })[];
};

export class Versions {
  readonly #options: VersionsOptions;

  constructor(options: VersionsOptions) {
    this.#options = options;
  }

  /** Newest first. */
  list(documentName: string): Promise<SnapshotInfo[]> {
    return this.#options.snapshots.list(documentName);
  }

  /**
   * The Markdown that a version saves to, against the text that it grew from.
   *
   * @throws RealtimeError `no-such-version`, `damaged-version`, `unknown-format`; so does whatever reads a version
   */
  async markdown(documentName: string, revision: number): Promise<string> {
    const bytes = await this.#bytesOf(documentName, revision);
    return this.#reading(documentName, revision, this.#options.converter.versionMarkdown(bytes));
  }

  /** A version as a Yjs update. */
  async state(documentName: string, revision: number): Promise<Uint8Array> {
    const bytes = await this.#bytesOf(documentName, revision);
    return this.#reading(documentName, revision, this.#options.converter.versionState(bytes));
  }

  /**
   * `null` takes the name away.
   *
   * @throws RealtimeError `no-such-version`
   */
  async rename(documentName: string, revision: number, name: string | null): Promise<void> {
    const isThere = await this.#options.snapshots.rename(documentName, revision, name);
    if (!isThere) throw new RealtimeError('no-such-version', { context: { documentName, revision } });
  }

  /** What leads from one version to another, or to the live document, as a unified diff of the Markdown. */
  async compare(documentName: string, from: number, to: number | null): Promise<string> {
    const { converter } = this.#options;
    const older = await this.#stored(documentName, from);
    if (to !== null) {
      const newer = await this.#stored(documentName, to);
      return this.#reading(documentName, [from, to], converter.compare(older, newer));
    }
    return this.#options.visits.inRoom(documentName, (document) => {
      const live = { name: 'now', document, base: this.#options.rewriting.printedFrom(documentName) };
      return this.#reading(documentName, from, converter.compare(older, live));
    });
  }

  /** Who wrote each block of what the document holds now, under the names by which they are known. */
  authors(documentName: string): Promise<NamedBlockAuthors[]> {
    return this.#options.visits.inRoom(documentName, async (document) => {
      const names = await this.#namesIn(document);
      const owners = this.#options.owners.of(documentName);
      const blocks = authorsOf(document.getXmlFragment('default'), (clientId) => owners.ownerOf(clientId));
      return blocks.map(({ authors, ...block }) => ({
        ...block,
        authors: authors.map((author) => ({ ...author, name: names.get(author.userId) ?? null })),
      }));
    });
  }

  /** Makes a version of what the document holds now; `null` when the newest one holds it already. */
  snapshot(documentName: string): Promise<{ revision: number } | null> {
    return this.#options.visits.inKeptRoom(documentName, () =>
      this.#options.persistence.snapshotNow(documentName),
    );
  }

  /**
   * Makes the document say what it said in this version. Blocks that say it already stay as they are.
   *
   * @throws RealtimeError `not-durable` or `not-saved` when the document is restored, and that is not stored yet
   */
  restore(documentName: string, revision: number, user: User): Promise<Restored> {
    return this.#options.visits.inKeptRoom(documentName, (document) =>
      this.#options.turns.take(documentName, () => this.#restore(document, revision, user)),
    );
  }

  async #restore(document: Document, revision: number, user: User): Promise<Restored> {
    const { name: documentName } = document;
    const { hocuspocus, persistence, converter, rewriting, notices, log } = this.#options;
    const bytes = await this.#bytesOf(documentName, revision);
    const early = await this.#newestNow(documentName);
    const readAs = rewriting.printedFrom(documentName);
    const making = rewriting.prepare(document, () => converter.restore(document, readAs, bytes));
    const change = await this.#reading(documentName, revision, making);

    // What was typed meanwhile belongs to the version before, too.
    const late = persistence.snapshotNow(documentName, { isExact: true });
    late.catch(() => undefined);
    const stored = rewriting.apply(document, change, user);
    notices.tell(hocuspocus, documentName, { event: 'restored', data: { revision, by: user.name } });
    log.info({ documentName, revision, userId: user.id }, 'a version was restored');
    await stored;
    const before = (await late)?.revision ?? early;
    return { restored: revision, before, revision: await this.#newestNow(documentName) };
  }

  /** The version of what the document holds now, made when there is none. */
  async #newestNow(documentName: string): Promise<number> {
    const made = await this.#options.persistence.snapshotNow(documentName);
    if (made) return made.revision;
    const [newest] = await this.list(documentName);
    if (!newest) throw new RealtimeError('no-such-version', { context: { documentName } });
    return newest.revision;
  }

  async #stored(documentName: string, revision: number): Promise<StoredVersion> {
    return { name: `version ${revision}`, bytes: await this.#bytesOf(documentName, revision) };
  }

  async #bytesOf(documentName: string, revision: number): Promise<Uint8Array> {
    const bytes = await this.#options.snapshots.read(documentName, revision);
    if (!bytes) throw new RealtimeError('no-such-version', { context: { documentName, revision } });
    return bytes;
  }

  /** Of whoever contributed to a version or is in the room, by id. */
  async #namesIn(document: Document): Promise<Map<string, string>> {
    const versions = await this.list(document.name);
    const contributors = versions.toReversed().flatMap((version) => version.contributors);
    const present = document.getConnections().flatMap(({ context }) => context.session?.user ?? []);
    return new Map([...contributors, ...present].map(({ id, name }) => [id, name]));
  }

  /** Says so when a version turns out to be damaged. */
  async #reading<Result>(documentName: string, revision: number | number[], work: Promise<Result>) {
    return work.catch((error: unknown) => {
      if (error instanceof RealtimeError && error.code === 'damaged-version') {
        const { events, log } = this.#options;
        log.error({ documentName, revision, cause: String(error.cause) }, 'a stored version is damaged');
        const version = typeof revision === 'number' ? revision : null;
        events.emit('realtime:snapshot:integrity-failed', { documentName, version, entries: null });
      }
      throw error;
    });
  }
}
