/**
 * A type of room of your own: `consultation:<id>`, where citizens answer a question together.
 *
 * Each consultation is a file. Whoever has an invitation may write while it is open, and whoever is signed in may read.
 *
 * An example to copy; `test/examples.test.ts` runs it.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Extension } from '@hocuspocus/server';
import { applyUpdate, encodeStateAsUpdate } from 'yjs';
// Outside this repository: from 'civicpress-realtime'.
import { type ConnectionContext, type Identity, RealtimeError, type RoomType } from '../../server/index.ts';

export interface ConsultationOptions {
  /** Where the files are. */
  readonly folder: string;
  /** Knows whose a token is; the one that the server has. */
  readonly identity: Identity;
  /** Ids of the users who may write in this consultation; `null` when there is none with this id. */
  readonly invited: (id: string) => Promise<readonly string[] | null>;
}

export function consultationRooms({ folder, identity, invited }: ConsultationOptions): RoomType {
  return {
    name: 'consultation',
    hasIds: true,
    async accessTo(id, credentials) {
      // Throws when nobody knows the token.
      const user = await identity.userOf(credentials);
      const userIds = await invited(id);
      if (userIds === null) return 'none';
      return userIds.includes(user.id) ? 'edit' : 'read';
    },
    extensions: [new ConsultationFiles(folder)],
  };
}

/** Hooks of Hocuspocus; they are called for consultations alone, and the name has been checked before. */
class ConsultationFiles implements Extension<ConnectionContext> {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async onLoadDocument({
    document,
    documentName,
  }: {
    document: Document;
    documentName: string;
  }): Promise<void> {
    try {
      applyUpdate(document, await readFile(this.#fileOf(documentName)));
    } catch (cause) {
      // One that nobody has written into has no file. What cannot be read keeps the room closed: it is there.
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw new RealtimeError('document-not-loaded', { context: { documentName }, cause });
    }
  }

  /** A pause after an edit, and when the last one leaves. When it throws the document stays, and is stored again. */
  async onStoreDocument({
    document,
    documentName,
  }: {
    document: Document;
    documentName: string;
  }): Promise<void> {
    const file = this.#fileOf(documentName);
    await mkdir(this.#folder, { recursive: true });
    // A crash while writing leaves the file as it was.
    await writeFile(`${file}.new`, encodeStateAsUpdate(document), { flush: true });
    await rename(`${file}.new`, file);
  }

  #fileOf(documentName: string): string {
    return join(this.#folder, `${documentName.slice('consultation:'.length)}.yjs`);
  }
}

type Document = Parameters<typeof encodeStateAsUpdate>[0];
