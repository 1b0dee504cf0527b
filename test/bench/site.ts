/**
 * The same documents for bare and ours, and servers that each begin with a copy of them.
 *
 * Every measurement gets a folder and processes of its own: what one has written is not the next one's.
 */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as Y from 'yjs';
import { openSqliteJournal } from '../../extensions/journal/sqlite.ts';
import { openSqliteSnapshots } from '../../extensions/snapshot-stores/sqlite.ts';
import { open, seedUpdate, usualFeaturesOf } from '../../markdown/index.ts';
import { CivicPressClient, fieldOf } from '../../server/civicpress/client.ts';
import { recordIdOf } from '../../server/document-name.ts';
import type { Journal, Ledger, SnapshotStore } from '../../server/ports.ts';
import { encodeSnapshot } from '../../server/snapshot-format.ts';
import { LightClient } from './light-client.ts';
import { Onlooker } from './onlooker.ts';
import { type ServerOptions, ServerProcess, type Side } from './server-handle.ts';
import { hocuspocus, yWebsocket } from './wire.ts';

export interface BenchDocument {
  readonly name: string;
  readonly markdown: string;
  /** So many edits are in the journal and in no snapshot; bare's database has them as well. */
  readonly edits?: number;
}

export interface Site {
  readonly server: ServerProcess;
  readonly token: string;
  /** A client of the kind that this server serves. */
  join(documentName: string): Promise<LightClient>;
  /** Those who let pass what comes, so many at once as is said: all together is a storm. */
  watch(documentNames: readonly string[], atOnce?: number): Promise<Onlooker[]>;
  close(): Promise<void>;
}

/** As ours is configured: a document that was read otherwise is opened anew. */
const readAs = { dialect: 'tiptap', features: usualFeaturesOf('tiptap') } as const;

const clerk = { username: 'alice', role: 'clerk' };

export class Sites {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async prepare(documents: readonly BenchDocument[]): Promise<Sites> {
    const folder = await mkdtemp(join(tmpdir(), 'realtime-bench-'));
    const template = join(folder, 'template');
    await mkdir(join(template, 'records'), { recursive: true });
    const bare = new DatabaseSync(join(template, 'bare.sqlite'));
    bare.exec('CREATE TABLE documents (name TEXT PRIMARY KEY, data BLOB NOT NULL)');
    const snapshots = await openSqliteSnapshots(join(template, 'snapshots.sqlite'));
    const journal = await openSqliteJournal(join(template, 'journal.sqlite'));
    for (const document of documents) {
      const whole = await store(document, snapshots, journal);
      bare.prepare('INSERT INTO documents VALUES (?, ?)').run(document.name, whole);
      await writeFile(join(template, 'records', `${recordIdOf(document.name)}.md`), recordOf(document));
    }
    bare.close();
    await snapshots.close();
    await journal.close();
    return new Sites(folder);
  }

  /** A folder with a copy of the documents. */
  async copyFor(kind: Side): Promise<string> {
    const folder = await mkdtemp(join(this.#folder, `${kind}-`));
    await cp(join(this.#folder, 'template'), folder, { recursive: true });
    return folder;
  }

  async open(kind: Side, settings: ServerOptions['settings'] = {}): Promise<Site> {
    const folder = await this.copyFor(kind);
    // Nobody else asks it, and it is not to be what the others wait for.
    const civicpress = kind === 'ours' ? await ServerProcess.start({ kind: 'civicpress', folder }) : null;
    const civicpressUrl = civicpress ? `http://127.0.0.1:${civicpress.port}` : '';
    const token = civicpress ? await signIn(civicpressUrl) : 'anybody';
    const server = await ServerProcess.start({ kind, folder, civicpressUrl, settings });
    const wire = kind === 'y-websocket' ? yWebsocket : hocuspocus;
    return {
      server,
      token,
      join: (documentName) => LightClient.join(server.port, documentName, token, wire),
      async watch(documentNames, atOnce = 50) {
        const onlookers: Onlooker[] = [];
        for (let at = 0; at < documentNames.length; at += atOnce) {
          const some = documentNames.slice(at, at + atOnce);
          onlookers.push(
            ...(await Promise.all(some.map((name) => Onlooker.join(server.port, name, token, wire)))),
          );
        }
        return onlookers;
      },
      async close() {
        await server.end();
        await civicpress?.end();
        await rm(folder, { recursive: true, force: true });
      },
    };
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

/** Puts the document where ours looks for it, its record in step with it, and gives it back as a whole. */
async function store(
  { name, markdown, edits = 0 }: BenchDocument,
  snapshots: SnapshotStore,
  journal: Journal & Ledger,
): Promise<Uint8Array> {
  const { json, base } = open(markdown, readAs);
  const document = new Y.Doc();
  Y.applyUpdate(document, seedUpdate(json, recordIdOf(name)));
  const at = Date.now();
  const state = Y.encodeStateAsUpdate(document);
  const stateVector = Y.encodeStateVector(document);
  const bytes = encodeSnapshot({ state, stateVector, base, contributors: [], at, covers: null });
  const info = { revision: 1, at, byteSize: bytes.byteLength, contributors: [], name: null };
  await snapshots.write(name, info, bytes);
  const updates = typed(document, edits);
  const entries = updates.map((update) => ({ update, user: null, at, base: null }));
  const position = entries.length > 0 ? await journal.append(name, entries) : null;
  await journal.settle(name, position, { base, restored: null });
  return Y.encodeStateAsUpdate(document);
}

/** A character at a time, each into another paragraph. */
function typed(document: Y.Doc, edits: number): Uint8Array[] {
  const updates: Uint8Array[] = [];
  document.on('update', (update: Uint8Array) => updates.push(update));
  const blocks = document.getXmlFragment('default');
  for (let edit = 0; edit < edits; edit += 1) {
    const block = blocks.get(Math.floor((blocks.length * edit) / edits)) as Y.XmlElement;
    (block.get(0) as Y.XmlText).insert(0, 'o');
  }
  return updates;
}

function recordOf({ name, markdown }: BenchDocument): string {
  const id = recordIdOf(name);
  return `---\nid: ${id}\ntitle: ${id}\ntype: bylaw\nstatus: published\n---\n\n${markdown}`;
}

export async function signIn(url: string): Promise<string> {
  const client = new CivicPressClient({ url, timeoutMs: 5_000 });
  const reply = await client.send({ method: 'POST', path: '/auth/simulated', body: clerk });
  return String(fieldOf(fieldOf(reply.data, 'session'), 'token'));
}
