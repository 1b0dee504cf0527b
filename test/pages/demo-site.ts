/**
 * The demo's pages on a real port, with the embedded CivicPress API and a bare Hocuspocus behind them:
 * the pages are tested here, not the server's extensions.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hocuspocus } from '@hocuspocus/server';
import { getSchema, type JSONContent } from '@tiptap/core';
import Fastify from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { prosemirrorJSONToYDoc } from 'y-prosemirror';
import { encodeStateAsUpdate } from 'yjs';
import { buildPages } from '../../server/demo/build-pages.ts';
import { type EmbeddedCivicPress, startEmbeddedCivicPress } from '../../server/demo/civicpress/index.ts';
import { recordExtensions } from '../../server/demo/pages/extensions.ts';
import { demoPages } from '../../server/demo/pages.ts';

export interface DemoSite {
  url: string;
  civicpress: EmbeddedCivicPress;
  hocuspocus: Hocuspocus;
  /** Writes a draft as a clerk would. */
  saveDraft(recordId: string, markdownBody: string): Promise<void>;
  publish(recordId: string): Promise<void>;
  /** Tells everybody in the room, as the server's notices do. */
  tell(recordId: string, event: string, data: unknown): void;
  /** Closes every socket. */
  dropSockets(code: number, reason: string): void;
  close(): Promise<void>;
}

export interface DemoRecord {
  title: string;
  markdown: string;
  /** What the room's document holds, as the editor's JSON. */
  content: JSONContent[];
}

const REALTIME_PATH = '/realtime';

export async function startDemoSite(records: Record<string, DemoRecord>): Promise<DemoSite> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-pages-'));
  const recordsDir = join(folder, 'records');
  await mkdir(recordsDir);
  for (const [id, { title, markdown }] of Object.entries(records)) {
    await writeFile(join(recordsDir, `${id}.md`), recordFile(id, title, markdown));
  }
  const civicpress = await startEmbeddedCivicPress({ recordsDir, dataDir: join(folder, 'data') });
  const assetsDir = join(folder, 'pages');
  await buildPages(assetsDir);

  const seeds = new Map(Object.entries(records).map(([id, record]) => [`record:${id}`, seedOf(record)]));
  const hocuspocus = new Hocuspocus({
    quiet: true,
    async onAuthenticate({ documentName, token, connectionConfig }) {
      if (!seeds.has(documentName)) throw refusal('There is no such record.');
      const { role, name } = await whoIs(civicpress, token);
      connectionConfig.readOnly = role !== 'clerk';
      return { name };
    },
    async onLoadDocument({ documentName }) {
      return seeds.get(documentName);
    },
  });

  const app = Fastify();
  await app.register(demoPages, {
    civicpressUrl: civicpress.url,
    realtimePath: REALTIME_PATH,
    rooms: () => roomsOf(hocuspocus),
    assetsDir,
  });
  const sockets = acceptSockets(app.server as Server, hocuspocus);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

  const asClerk = async (method: string, path: string, body: unknown) => {
    const { token } = await (await postJson(`${url}/demo/api/session`, { user: 'alice' })).json();
    const response = await fetch(`${civicpress.url}/api/v1/records/${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path} was refused: ${await response.text()}`);
  };

  return {
    url,
    civicpress,
    hocuspocus,
    saveDraft: (recordId, markdownBody) =>
      asClerk('PUT', `${recordId}/draft`, { title: records[recordId]?.title, type: 'bylaw', markdownBody }),
    publish: (recordId) => asClerk('POST', `${recordId}/publish`, { status: 'published' }),
    tell(recordId, event, data) {
      hocuspocus.documents.get(`record:${recordId}`)?.broadcastStateless(JSON.stringify({ event, data }));
    },
    dropSockets(code, reason) {
      for (const socket of sockets) socket.close(code, reason);
    },
    async close() {
      hocuspocus.closeConnections();
      app.server.closeAllConnections();
      await app.close();
      await civicpress.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function postJson(url: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** The same bytes at each load, so that a client that was away merges with them and doubles nothing. */
function seedOf({ content }: DemoRecord): Uint8Array {
  const document = prosemirrorJSONToYDoc(getSchema(recordExtensions), { type: 'doc', content }, 'default');
  return encodeStateAsUpdate(document);
}

function recordFile(id: string, title: string, markdown: string): string {
  const fields = [`id: ${id}`, `title: ${JSON.stringify(title)}`, 'type: bylaw', 'status: published'];
  return `---\n${fields.join('\n')}\n---\n\n${markdown}\n`;
}

async function whoIs(civicpress: EmbeddedCivicPress, token: string): Promise<{ role: string; name: string }> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${civicpress.url}/api/v1/auth/me`, { headers });
  if (!response.ok) throw refusal('Sign in to CivicPress.');
  return (await response.json()).data.user;
}

/** Hocuspocus sends the client an error's `reason`. */
function refusal(reason: string): Error {
  return Object.assign(new Error(reason), { reason });
}

/** Returns the open sockets. */
function acceptSockets(server: Server, hocuspocus: Hocuspocus): Set<WebSocket> {
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const client = hocuspocus.handleConnection(webSocket, new Request(`http://127.0.0.1${request.url}`));
      webSocket.on('message', (data: Buffer) => client.handleMessage(new Uint8Array(data)));
      webSocket.on('close', (code, reason) => client.handleClose({ code, reason: reason.toString() }));
    });
  });
  return sockets.clients;
}

function roomsOf(hocuspocus: Hocuspocus) {
  return [...hocuspocus.documents.values()].map((document) => ({
    documentName: document.name,
    connections: document.getConnectionsCount(),
    people: document.getConnections().map(({ context }) => String(context.name)),
    unsavedSince: null,
  }));
}
