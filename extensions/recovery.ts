/**
 * Finds what is stored of a document: the newest good snapshot, and the journal behind it.
 *
 * There are always two ways: the journal is kept from the snapshot before the newest one on. So a snapshot that has
 * lost a bit costs nothing: the one before serves, and the journal brings the rest. An entry that has a base begins
 * the document anew, and nothing before it counts.
 */
import type { Base } from '../markdown/index.ts';
import type { StoredOwners } from '../server/client-owners.ts';
import type { Announcer } from '../server/events.ts';
import type { Contributor, Journal, JournalEntry, Logger, Position, SnapshotStore } from '../server/ports.ts';
import { type OpenedSnapshot, openSnapshot, SnapshotDamaged } from '../server/snapshot-format.ts';

export interface RecoveryOptions {
  readonly snapshots: SnapshotStore;
  readonly journal: Journal;
  readonly events: Announcer;
  readonly log: Logger;
}

export interface Recovered {
  /** What the document begins with. */
  readonly state: Uint8Array;
  /** What that grew from, but for its text. */
  readonly readAs: Omit<Base, 'markdown'>;
  /** With its text, which takes longer; not needed by whoever has the text from elsewhere. */
  base(): Promise<Base>;
  /** Edits behind that, in order. */
  readonly updates: readonly Uint8Array[];
  /** Whose edits are in no snapshot. */
  readonly contributors: readonly Contributor[];
  /** Which clients are whose, by the snapshot. */
  readonly owners: StoredOwners;
  /** The edits in the journal, and whose they are. */
  readonly authored: readonly Pick<JournalEntry, 'update' | 'user'>[];
  /** Of the last journal entry in it. */
  readonly position: Position | null;
  /** What the newest good snapshot covers; `null` without one. */
  readonly covers: Position | null;
  /** Of that snapshot as it is stored; 0 without one. */
  readonly byteSize: number;
}

/** A snapshot as its store has it. */
interface StoredBytes {
  readonly revision: number;
  readonly bytes: Uint8Array;
}

type StoredSnapshot = OpenedSnapshot & { readonly byteSize: number };

/** A snapshot, or nothing, and what the journal has behind it. */
interface Stored {
  readonly snapshot: StoredSnapshot | null;
  readonly entries: readonly JournalEntry[];
  readonly isComplete: boolean;
}

const maxAttempts = 2;

export class Recovery {
  readonly #options: RecoveryOptions;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /**
   * `null` when nothing is stored, or nothing that can be used; then the log and an event say so.
   *
   * @throws whatever the stores throw: what cannot be read now is not taken for missing
   */
  async recover(documentName: string): Promise<Recovered | null> {
    const { snapshot, entries } = await this.#newestWhole(documentName);
    const covers = snapshot?.covers ?? null;
    const begunAt = entries.findLastIndex(({ base }) => base !== null);
    const beginning = beginningIn(entries[begunAt]) ?? snapshot;
    if (!beginning) {
      if (entries.length > 0) this.#damaged(documentName, { entries: entries.length });
      return null;
    }
    return {
      state: beginning.state,
      readAs: beginning.readAs,
      base: beginning.base,
      updates: entries.slice(begunAt + 1).map(({ update }) => update),
      contributors: entries.flatMap(({ user }) => user ?? []),
      owners: snapshot?.owners ?? [],
      authored: entries.filter(({ base }) => base === null),
      position: entries.at(-1)?.position ?? covers,
      covers,
      byteSize: snapshot?.byteSize ?? 0,
    };
  }

  /**
   * The newest good snapshot from which the journal goes on. One that a node wrote that was far behind lacks what the
   * journal has forgotten since; and all may, when others were written while they were looked at.
   */
  async #newestWhole(documentName: string, attempt = 1): Promise<Stored> {
    let newest: Stored | null = null;
    for await (const { revision, bytes } of this.#newestFirst(documentName)) {
      const opened = await this.#opened(documentName, revision, bytes);
      if (!opened) continue;
      const stored = await this.#goingOnFrom(documentName, { ...opened, byteSize: bytes.byteLength });
      if (stored.isComplete) return stored;
      newest ??= stored;
    }
    newest ??= await this.#goingOnFrom(documentName, null);
    if (newest.isComplete) return newest;
    if (this.#options.journal.isShared && attempt < maxAttempts)
      return this.#newestWhole(documentName, attempt + 1);
    this.#damaged(documentName, { cause: 'edits behind every snapshot are gone from the journal' });
    return newest;
  }

  /** As a rule the first one serves, and nobody asks which others there are. */
  async *#newestFirst(documentName: string): AsyncGenerator<StoredBytes> {
    const { snapshots } = this.#options;
    const newest = await snapshots.newest(documentName);
    if (!newest) return;
    yield newest;
    for (const { revision } of await snapshots.list(documentName)) {
      const bytes = revision === newest.revision ? null : await snapshots.read(documentName, revision);
      if (bytes) yield { revision, bytes };
    }
  }

  async #goingOnFrom(documentName: string, snapshot: StoredSnapshot | null): Promise<Stored> {
    const behind = snapshot?.covers ?? null;
    const { entries, damaged, isComplete } = await this.#options.journal.read(documentName, behind);
    if (damaged > 0) this.#damaged(documentName, { entries: damaged });
    return { snapshot, entries, isComplete };
  }

  /** @throws UnknownSnapshotFormat for one of a newer version: an older one would be half the truth */
  async #opened(documentName: string, revision: number, bytes: Uint8Array): Promise<OpenedSnapshot | null> {
    try {
      return await openSnapshot(bytes);
    } catch (error) {
      if (!(error instanceof SnapshotDamaged)) throw error;
      this.#damaged(documentName, { version: revision, cause: error.message });
      return null;
    }
  }

  #damaged(documentName: string, what: { version?: number; entries?: number; cause?: string }): void {
    const { events, log } = this.#options;
    const { version = null, entries = null } = what;
    log.error({ documentName, ...what }, 'something that was stored is damaged');
    events.emit('realtime:snapshot:integrity-failed', { documentName, version, entries });
  }
}

type Beginning = Pick<Recovered, 'state' | 'readAs' | 'base'>;

function beginningIn(entry: JournalEntry | undefined): Beginning | null {
  const base = entry?.base;
  return entry && base ? { state: entry.update, readAs: base, base: async () => base } : null;
}
