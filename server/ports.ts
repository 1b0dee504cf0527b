/**
 * What the server asks of the outside. Each port states the contract that its adapters keep.
 *
 * What `Identity` and `Records` throw are `RealtimeError`s, which say whether trying again helps.
 */
import type { Base } from '../markdown/index.ts';

/** Who sits behind a token. */
export interface User {
  /** CivicPress' user id, as text. */
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly permissions: readonly string[];
}

/** What somebody may do with one record. `none` also says nothing about whether the record exists. */
export type Access = 'none' | 'read' | 'edit';

/** What an editor brings along. `address` is the IP address of the socket. */
export interface Credentials {
  readonly token: string;
  readonly address: string;
}

export interface Identity {
  /** @throws RealtimeError `not-authenticated` when CivicPress does not know the token */
  userOf(credentials: Credentials): Promise<User>;
  /** As CivicPress decides it, believed for a short time. */
  accessTo(recordId: string, credentials: Credentials): Promise<Access>;
}

/** A record's text as an editor should see it. */
export interface RecordText {
  /** The body without frontmatter, byte for byte as far as CivicPress gives it, ending in a newline. */
  readonly markdown: string;
  /** Whether it is the unpublished draft, or the published text because there is none. */
  readonly isDraft: boolean;
  /** The record's other fields, as an adapter needs them to write a draft. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Records {
  /** The draft if there is one, else the published text; `null` when there is no such record. */
  read(recordId: string): Promise<RecordText | null>;
  /**
   * Makes `markdown` the record's draft and keeps every other field.
   *
   * @param seen what `read` has just given for this record
   */
  writeDraft(recordId: string, markdown: string, seen: RecordText): Promise<void>;
}

/** A document at one moment, with what it takes to go on from there. */
export interface Snapshot {
  /** `Y.encodeStateAsUpdate` of the whole document. */
  readonly state: Uint8Array;
  /** The Markdown that the document grew from, and that the record held when it was last seen. */
  readonly base: Base;
}

export interface StoredSnapshot extends Snapshot {
  /** Grows by one with every snapshot of this document. */
  readonly revision: number;
  /** Whether the record's draft may still lack what this snapshot holds. */
  readonly owesWriteback: boolean;
  /** Drafts that were about to be sent, and of which it is not known whether they arrived. */
  readonly unconfirmed: readonly string[];
}

/** Keeps the newest snapshot of each document, and whether it still owes its record a writeback. */
export interface SnapshotStore {
  /** The newest snapshot, or `null` when there is none. */
  read(documentName: string): Promise<StoredSnapshot | null>;
  /**
   * Resolves with the new revision once the snapshot is on stable storage, marked as owing a writeback.
   * A failed write leaves the one before in place.
   */
  write(documentName: string, snapshot: Snapshot): Promise<number>;
  /** These drafts are about to be sent; remembered until the next `settle`. Without a snapshot nothing is kept. */
  sending(documentName: string, unconfirmed: readonly string[]): Promise<void>;
  /** The record's text is `base` now. Nothing is owed, unless a revision newer than `revision` was written. */
  settle(documentName: string, revision: number, base: Base): Promise<void>;
  /** The names of the documents whose newest snapshot owes a writeback. */
  owing(): Promise<string[]>;
  close(): Promise<void>;
}

/** `fields` are structured facts: ids and numbers, never a token or a record's text. */
export interface Logger {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}
