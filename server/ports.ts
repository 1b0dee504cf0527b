/**
 * What the server asks of the outside. Each port states the contract that its adapters keep.
 *
 * What `Identity` and `Records` throw are `RealtimeError`s, which say whether trying again helps.
 */
import type { Base } from '../markdown/index.ts';
import type { StoredOwners } from './client-owners.ts';
import type { EventData, EventName } from './events.ts';

/** Who sits behind a token. */
export interface User {
  /** CivicPress' user id, as text. */
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** As of their sign-in, but for the right to edit records, which is always that of now. */
  readonly permissions: readonly string[];
}

/** What somebody may do with one record. `none` also says nothing about whether the record exists. */
export type Access = 'none' | 'read' | 'edit';

/** What an editor brings along. `address` is the IP address of the socket. */
export interface Credentials {
  readonly token: string;
  readonly address: string;
}

/** Whose rights, or rights to what, may have changed. */
export type Revocation =
  | { readonly userId: string }
  | { readonly token: string }
  | { readonly recordId: string };

/** How often somebody may be asked about. */
export interface Pace {
  /** Questions with the same one are counted together. */
  readonly counter: string;
  /** How long to wait between two of them, in ms, so that enough is left for other questions. */
  readonly pauseMs: number;
}

export interface Identity {
  /**
   * Believed for a short time.
   *
   * @throws RealtimeError `not-authenticated` when CivicPress does not know the token
   */
  userOf(credentials: Credentials): Promise<User>;
  /** As CivicPress decides it, believed for a short time. */
  accessTo(recordId: string, credentials: Credentials): Promise<Access>;
  /**
   * Asks again, whatever is believed: what `userOf`, and `accessTo` for these records, answer next is from now on.
   *
   * @throws RealtimeError `not-authenticated` when the session has ended; one that is retryable without an answer
   */
  renew(credentials: Credentials, recordIds: readonly string[]): Promise<void>;
  /** When it was last asked about this token, in monotonic ms: what is believed is not older. */
  askedAt(credentials: Credentials): number;
  /** Believes nothing of this any longer. */
  forget(revocation: Revocation): void;
  paceOf(credentials: Credentials): Pace;
}

/** A record's text as an editor should see it. */
export interface RecordText {
  /** The body without frontmatter, byte for byte as far as CivicPress gives it, ending in a newline. */
  readonly markdown: string;
  /** Whether it is the unpublished draft, or the published text because there is none. */
  readonly isDraft: boolean;
  /** Whether nobody is to edit it any more. */
  readonly isArchived?: boolean;
  /** The record's title, beside its text. */
  readonly title?: string;
  /** What is published beneath this draft, where it was asked for; each adapter may ask more seldom than it is read. */
  readonly published?: string;
  /** The record's other fields, as an adapter needs them to write a draft. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Records {
  /** The draft if there is one, else the published text; `null` when there is no such record. */
  read(recordId: string): Promise<RecordText | null>;
  /**
   * Makes `markdown` the record's draft and keeps every other field. `'changed'`: nothing was written, because the draft
   * is not what was seen any more; for who can tell.
   *
   * @param seen what `read` has just given for this record
   * @param contributors whose edits it has that the record lacks, as far as that is known; for who keeps such a thing
   */
  writeDraft(
    recordId: string,
    markdown: string,
    seen: RecordText,
    contributors: readonly Contributor[],
  ): Promise<'written' | 'changed'>;
  /**
   * What was published since it was `known`, and had been replaced by the next publication before anybody saw it here:
   * oldest first, without what is published now; for who keeps a history.
   */
  replacedSince?(recordId: string, known: string): Promise<readonly string[]>;
  /** The least time between two drafts, in ms, that leaves enough requests to others; where requests are counted. */
  draftPauseMs?(): number;
}

/** Somebody whose edits a document holds. */
export type Contributor = Pick<User, 'id' | 'name'>;

/**
 * Where an entry stands in the journal of its document. Later ones stand behind earlier ones; only the journal that
 * gave a position knows how to compare it.
 */
export type Position = string;

export interface NewJournalEntry {
  /** A Yjs update. */
  readonly update: Uint8Array;
  /** `null` when the server made the edit by itself. */
  readonly user: Contributor | null;
  /** In ms since the epoch. */
  readonly at: number;
  /** What the document grew from, on the entry that it begins with, the first of its append; `null` on all others. */
  readonly base: Base | null;
}

export interface JournalEntry extends NewJournalEntry {
  readonly position: Position;
}

export interface JournalContent {
  /** In the order in which they were appended. */
  readonly entries: readonly JournalEntry[];
  /** How many more there were, whose checksum is wrong. */
  readonly damaged: number;
  /** `false`: what was appended right behind the position has been trimmed already, and is not among them. */
  readonly isComplete: boolean;
}

/** Somebody who follows a document's journal. */
export interface Follower {
  /** @param isOwn whether this process appended it */
  onEntry(entry: JournalEntry, isOwn: boolean): void;
  /** What comes next was trimmed before it could be handed over. The following has ended; what is stored has it. */
  onTrimmed(): void;
}

/** Every edit of every document, on stable storage before anybody hears that it is saved. */
export interface Journal {
  /** Whether other processes append to the same documents: an append's position does not tell what is before it. */
  readonly isShared: boolean;
  /**
   * Resolves with the position of the last one once all are on stable storage; they may share it. Entries become
   * durable in the order of the calls. When it rejects none of them counts, and appending them again is safe: Yjs takes
   * an update twice.
   *
   * @throws BegunAnew when the document has another beginning by now than the one that this process read or appended
   */
  append(documentName: string, entries: readonly NewJournalEntry[]): Promise<Position>;
  /** What was appended behind `after`, or everything that is still there. */
  read(documentName: string, after: Position | null): Promise<JournalContent>;
  /** Forgets the entries up to this one; positions go on behind it all the same. */
  trim(documentName: string, through: Position): Promise<void>;
  /**
   * Hands over each entry behind `after`, in order and once it is durable, those that come later included, whoever
   * appends them. Resolves with a function that ends this.
   */
  follow(documentName: string, after: Position | null, follower: Follower): Promise<() => void>;
  /** Calls back each time that it can be reached again: what could not be appended need not wait. Not all can tell. */
  onBack?(listener: () => void): void;
  close(): Promise<void>;
}

/** How a record and its document stand to each other. */
export interface LedgerEntry {
  /** The Markdown that the record was last seen to hold. */
  readonly base: Base;
  /** The text of a version that was restored, while the record lacks it; else `null`. */
  readonly restored: Base | null;
  /** Whether the record may lack what the journal holds, or held, or a restored text. */
  readonly owesWriteback: boolean;
  /** Fingerprints of drafts that were about to be sent, and of which it is not known whether they arrived. */
  readonly unconfirmed: readonly string[];
}

/** What each document owes its record; each change is on stable storage when its promise resolves. */
export interface Ledger {
  /** `null` while nothing was sent or settled. */
  recall(documentName: string): Promise<LedgerEntry | null>;
  /** These drafts are about to be sent, to a record that was seen to hold `base`, and lacks `restored`. */
  sending(documentName: string, entry: Omit<LedgerEntry, 'owesWriteback'>): Promise<void>;
  /** The record holds `base` now, and with it every edit up to `through`. Later ones are owed, and so is `restored`. */
  settle(
    documentName: string,
    through: Position | null,
    entry: Pick<LedgerEntry, 'base' | 'restored'>,
  ): Promise<void>;
  /** The names of the documents that owe their record a writeback. */
  owing(): Promise<string[]>;
}

/** A document at one moment, with what it takes to go on from there. */
export interface Snapshot {
  /** `Y.encodeStateAsUpdate` of the whole document. */
  readonly state: Uint8Array;
  /** `Y.encodeStateVector` of it. */
  readonly stateVector: Uint8Array;
  /** The Markdown that the document grew from. */
  readonly base: Base;
  /** Whose edits came in since the snapshot before, each once. */
  readonly contributors: readonly Contributor[];
  /** In ms since the epoch. */
  readonly at: number;
  /** It holds every journal entry up to this one; `null` when there was none. */
  readonly covers: Position | null;
  /** Which Yjs client is which user's, the newest last; older versions did not say. */
  readonly owners?: StoredOwners | undefined;
}

/** What a list of versions says of a snapshot. */
export interface SnapshotInfo {
  /** Grows with every snapshot of this document, from 1. */
  readonly revision: number;
  /** In ms since the epoch. */
  readonly at: number;
  /** As it is stored, in bytes. */
  readonly byteSize: number;
  readonly contributors: readonly Contributor[];
  /** Given by somebody; one with a name is kept for good. */
  readonly name: string | null;
}

/** Keeps the snapshots of each document, as the bytes that snapshot-format.ts makes of them. */
export interface SnapshotStore {
  /** `false`: only the newest stays, each write replaces the one before, and `rename` and `remove` do nothing. */
  readonly keepsVersions: boolean;
  /**
   * Newest first, and every revision that is taken: one that is damaged is in the list, with what is known of it.
   */
  list(documentName: string): Promise<SnapshotInfo[]>;
  /** The newest one, in one question: what a room waits for that opens. `null` when there is none. */
  newest(documentName: string): Promise<{ readonly revision: number; readonly bytes: Uint8Array } | null>;
  /** The bytes as they were given; `null` when there is no such revision. */
  read(documentName: string, revision: number): Promise<Uint8Array | null>;
  /**
   * Resolves once the snapshot is on stable storage. A failed write leaves everything else as it was.
   *
   * @throws RevisionTaken when this revision is there already, from whatever process: nothing is ever overwritten
   */
  write(documentName: string, info: SnapshotInfo, bytes: Uint8Array): Promise<void>;
  /** Resolves with `false` when there is no such revision, or none can be named. `null` takes the name away. */
  rename(documentName: string, revision: number, name: string | null): Promise<boolean>;
  /** Those that are not there count as removed. */
  remove(documentName: string, revisions: readonly number[]): Promise<void>;
  /** The names of all documents that have snapshots; none where no versions are kept. */
  documents(): Promise<string[]>;
  close(): Promise<void>;
}

/** Hears what happened: CivicPress' hooks, or webhooks. The table of events is in events.ts. */
export interface Events {
  /** Never throws, and nobody waits for it. */
  emit(name: EventName, data: EventData): void;
}

/** `fields` are structured facts: ids and numbers, never a token or a record's text. */
export interface Logger {
  /** Of the least important lines that are kept; may be set while it runs. Unset: it is somebody else's to say. */
  level?: string;
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}
