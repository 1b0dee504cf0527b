/** The documents that bare Hocuspocus has stored, for servers that have no store of their own. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The whole state of a document, as an update. */
export function storedIn(folder: string): (documentName: string) => Uint8Array | null {
  const database = new DatabaseSync(join(folder, 'bare.sqlite'), { readOnly: true });
  const read = database.prepare('SELECT data FROM documents WHERE name = ?');
  return (documentName) => (read.get(documentName)?.data as Uint8Array | undefined) ?? null;
}
