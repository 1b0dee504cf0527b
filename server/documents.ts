/**
 * A record's live document for programs: to be read in several formats, and given another text or more of it.
 *
 * Both are edits like any other. Whoever replaces a text says which version of it they saw, so that nobody's words are
 * written over that they did not see; the state before is a version, so that restoring that one takes it back.
 */
import { hash } from 'node:crypto';
import type { Document } from '@hocuspocus/server';
import { encodeSnapshot, encodeStateAsUpdate, snapshot } from 'yjs';
import type { Persistence } from '../extensions/persistence.ts';
import type { ReadOnlyRooms } from '../extensions/read-only-rooms.ts';
import type { NodeJson } from '../markdown/index.ts';
import type { ClientOwners } from './client-owners.ts';
import type { Converter, NewText, Rewritten } from './conversion/converter.ts';
import { RealtimeError } from './errors.ts';
import type { Logger, SnapshotStore, User } from './ports.ts';
import type { Rewriting } from './rewriting.ts';
import type { Turns } from './turns.ts';
import type { Visits } from './visits.ts';

export interface DocumentsOptions {
  readonly visits: Visits;
  readonly rewriting: Rewriting;
  readonly converter: Converter;
  readonly persistence: Pick<Persistence, 'snapshotNow'>;
  readonly snapshots: Pick<SnapshotStore, 'list'>;
  readonly readOnlyRooms: Pick<ReadOnlyRooms, 'reasonOf'>;
  readonly owners: ClientOwners;
  /** Of changes to a whole document. */
  readonly turns: Turns;
  /** Of the Yjs state. */
  readonly maxDocumentBytes: number;
  readonly log: Logger;
}

/** Of a document's state: the same at every node, another one after each edit. */
export type DocumentVersion = string;

export interface ReadDocument<Content> {
  readonly version: DocumentVersion;
  readonly content: Content;
}

export interface Edit {
  readonly user: User;
  /** What they saw; `null` when that does not matter. */
  readonly seen: DocumentVersion | null;
  /** Whether it is to be taken where an operator has made the room one for reading. */
  readonly isAdministrators: boolean;
}

export interface Edited {
  readonly version: DocumentVersion;
  /** The revision of the state before. */
  readonly before: number;
}

export class Documents {
  readonly #options: DocumentsOptions;

  constructor(options: DocumentsOptions) {
    this.#options = options;
  }

  markdown(documentName: string): Promise<ReadDocument<string>> {
    return this.#read(documentName, async (document) => (await this.#saved(document)).markdown);
  }

  html(documentName: string): Promise<ReadDocument<string>> {
    return this.#read(documentName, async (document) => {
      const { markdown, dialect, features } = await this.#saved(document);
      return (await this.#options.converter.convert({
        from: 'markdown',
        to: 'html',
        content: markdown,
        dialect,
        features: [...features],
      })) as string;
    });
  }

  json(documentName: string): Promise<ReadDocument<NodeJson>> {
    const { converter, rewriting } = this.#options;
    return this.#read(documentName, (document) =>
      converter.json(document, rewriting.printedFrom(documentName)),
    );
  }

  state(documentName: string): Promise<ReadDocument<Uint8Array>> {
    return this.#read(documentName, async (document) => encodeStateAsUpdate(document));
  }

  /**
   * Makes the document say this and nothing else.
   *
   * @throws RealtimeError `document-changed` when it is not what they saw; `document-too-large`; `not-durable` when it is
   * done, and not stored yet
   */
  replace(documentName: string, markdown: string, edit: Edit): Promise<Edited> {
    return this.#edit(documentName, { markdown, isAppended: false }, edit);
  }

  /** The same, with this behind what it says. */
  append(documentName: string, markdown: string, edit: Edit): Promise<Edited> {
    return this.#edit(documentName, { markdown, isAppended: true }, edit);
  }

  #edit(documentName: string, text: NewText, edit: Edit): Promise<Edited> {
    const { visits, turns } = this.#options;
    return visits.inKeptRoom(documentName, (document) =>
      turns.take(documentName, () => this.#rewrite(document, text, edit)),
    );
  }

  async #rewrite(document: Document, text: NewText, { user, seen, isAdministrators }: Edit): Promise<Edited> {
    const { name: documentName } = document;
    const { rewriting, converter, readOnlyRooms, owners, log } = this.#options;
    const check = () => {
      const reason = readOnlyRooms.reasonOf(documentName, isAdministrators);
      if (reason) throw new RealtimeError(reason, { context: { documentName } });
      if (seen !== null && seen !== versionOf(document)) throw new RealtimeError('document-changed');
    };
    check();
    const before = await this.#versionNow(documentName);
    const base = rewriting.printedFrom(documentName);
    const make = () => converter.rewrite(document, base, text);
    const change: Rewritten = await (text.isAppended ? rewriting.prepare(document, make) : make());
    if (change.byteSize > this.#options.maxDocumentBytes) throw new RealtimeError('document-too-large');
    // Nothing stands between this look and the edit.
    check();
    if (change.update) owners.of(documentName).learn(change.update, user);
    const stored = rewriting.apply(document, change, user);
    const version = versionOf(document);
    log.info(
      { documentName, userId: user.id, isAppended: text.isAppended },
      'a program has edited a document',
    );
    await stored;
    return { version, before };
  }

  /** The revision of what the document holds now. */
  async #versionNow(documentName: string): Promise<number> {
    const { persistence, snapshots } = this.#options;
    const made = await persistence.snapshotNow(documentName);
    if (made) return made.revision;
    const [newest] = await snapshots.list(documentName);
    if (!newest) throw new RealtimeError('not-saved', { context: { documentName } });
    return newest.revision;
  }

  /** The version is never newer than the content: what is typed meanwhile makes that version an old one. */
  #read<Content>(
    documentName: string,
    convert: (document: Document) => Promise<Content>,
  ): Promise<ReadDocument<Content>> {
    return this.#options.visits.inRoom(documentName, async (document) => {
      const version = versionOf(document);
      return { version, content: await convert(document) };
    });
  }

  #saved(document: Document) {
    const { converter, rewriting } = this.#options;
    return converter.save(document, rewriting.printedFrom(document.name));
  }
}

function versionOf(document: Document): DocumentVersion {
  return hash('sha256', encodeSnapshot(snapshot(document)), 'base64url');
}
