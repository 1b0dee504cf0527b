/**
 * Hocuspocus as its manual sets it up, with its database extension on SQLite: what ours is compared with.
 */
import { DatabaseSync } from 'node:sqlite';
import { Database } from '@hocuspocus/extension-database';
import { type Extension, Server } from '@hocuspocus/server';

export interface BareOptions {
  readonly port?: number;
  /** Pause before a document is stored, in ms; 0 stores every edit. */
  readonly debounce?: number;
  /** Beside the one that stores. */
  readonly extensions?: readonly Extension[];
}

/** Resolves with its port on 127.0.0.1. */
export async function startBareHocuspocus(
  file: string,
  { extensions = [], ...options }: BareOptions = {},
): Promise<number> {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec('CREATE TABLE IF NOT EXISTS documents (name TEXT PRIMARY KEY, data BLOB NOT NULL)');
  const read = database.prepare('SELECT data FROM documents WHERE name = ?');
  const write = database.prepare(
    'INSERT INTO documents VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET data = excluded.data',
  );
  const extension = new Database({
    fetch: async ({ documentName }) => (read.get(documentName)?.data as Uint8Array | undefined) ?? null,
    store: async ({ documentName, state }) => void write.run(documentName, state),
  });
  const server = new Server({
    address: '127.0.0.1',
    port: 0,
    quiet: true,
    extensions: [extension, ...extensions],
    ...options,
  });
  await server.listen();
  return server.address.port;
}
