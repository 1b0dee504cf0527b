/** The routes behind the demo's pages, over the embedded CivicPress API. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RoomSummary } from '../../server/compose.ts';
import { type EmbeddedCivicPress, startEmbeddedCivicPress } from '../../server/demo/civicpress/index.ts';
import { demoPages } from '../../server/demo/pages.ts';

const RECORD = '---\nid: noise\ntitle: Noise Bylaw\ntype: bylaw\nstatus: published\n---\n\nNo noise.\n';

let folder: string;
let civicpress: EmbeddedCivicPress;
let app: FastifyInstance;
let rooms: RoomSummary[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-pages-'));
  const assetsDir = join(folder, 'assets');
  const recordsDir = join(folder, 'records');
  await Promise.all([mkdir(assetsDir), mkdir(recordsDir)]);
  for (const page of ['welcome-page', 'editor-page', 'rooms-page']) {
    await writeFile(join(assetsDir, `${page}.html`), page);
  }
  await writeFile(join(recordsDir, 'noise.md'), RECORD);
  civicpress = await startEmbeddedCivicPress({ recordsDir, dataDir: join(folder, 'data') });

  rooms = [];
  app = Fastify();
  await app.register(demoPages, {
    civicpressUrl: civicpress.url,
    realtimePath: '/realtime',
    rooms: () => rooms,
    assetsDir,
  });
});

afterEach(async () => {
  await app.close();
  await civicpress.close();
  await rm(folder, { recursive: true, force: true });
});

const get = (url: string, headers = {}) => app.inject({ url, headers });
const signIn = (user: unknown) =>
  app.inject({ method: 'POST', url: '/demo/api/session', payload: { user } as object });

describe('pages', () => {
  it.each([
    ['/demo', 'welcome-page'],
    ['/demo/rooms', 'rooms-page'],
    ['/demo/records/noise?user=alice', 'editor-page'],
  ])('%s is the %s', async (url, page) => {
    const response = await get(url);
    expect(response.body).toBe(page);
    expect(response.headers['content-type']).toMatch(/^text\/html/);
  });

  it.each([
    '/demo',
    '/demo/records/noise',
    '/demo/api/records',
    '/demo/api/records/none',
    '/demo/assets/none.js',
    '/demo/none',
  ])('%s comes with the security headers', async (url) => {
    const { headers } = await get(url);
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'self'",
        "connect-src 'self' ws: wss:",
        "img-src 'self' data:",
        "frame-ancestors 'none'",
      ]),
    );
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
  });

  it.each(['/demo/none', '/demo/assets/none.js', '/demo/assets/../../package.json'])(
    '%s is not found',
    async (url) => {
      expect((await get(url)).statusCode).toBe(404);
    },
  );
});

describe('POST /demo/api/session', () => {
  it('signs a demo user in', async () => {
    const response = await signIn('alice');
    expect(response.statusCode).toBe(200);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.json()).toEqual({
      token: expect.stringMatching(/^[0-9a-f]{64}\.[0-9a-f]{64}$/),
      user: { id: 'alice', accountId: expect.any(String), name: 'alice' },
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      realtimePath: '/realtime',
    });
  });

  it('makes one session a user, also for two windows at once', async () => {
    const answers = [...(await Promise.all([signIn('alice'), signIn('alice')])), await signIn('alice')];
    expect(new Set(answers.map((answer) => answer.json().token)).size).toBe(1);
    expect((await signIn('bob')).json().token).not.toBe(answers[0]?.json().token);
  });

  it('signs in anew when CivicPress has ended the session', async () => {
    const before = (await signIn('alice')).json().token;
    civicpress.revokeSessions('alice');
    const after = (await signIn('alice')).json().token;
    expect(after).not.toBe(before);
  });

  it.each(['mallory', 'constructor', 7, undefined])('refuses %s, and names who there is', async (user) => {
    const response = await signIn(user);
    expect(response.statusCode).toBe(400);
    expect(response.json().error).toEqual({
      code: 'unknown-demo-user',
      message: 'There is no such demo user. There are: alice, bob, rita.',
    });
  });

  it('says so when CivicPress does not answer', async () => {
    await civicpress.close();
    const response = await signIn('alice');
    expect(response.statusCode).toBe(503);
    expect(response.json().error.code).toBe('civicpress-unavailable');
  });
});

describe('GET /demo/api/records', () => {
  it('lists records', async () => {
    expect((await get('/demo/api/records')).json()).toEqual({
      records: [{ id: 'noise', title: 'Noise Bylaw', type: 'bylaw' }],
    });
  });

  it('reads the published text', async () => {
    expect((await get('/demo/api/records/noise')).json()).toEqual({
      title: 'Noise Bylaw',
      published: 'No noise.',
      draft: null,
    });
  });

  it('reads the draft beside it, and a record that is only a draft', async () => {
    await saveDraft('noise', 'No music.\n');
    await saveDraft('parking', 'Free.\n');
    expect((await get('/demo/api/records/noise')).json()).toMatchObject({
      published: 'No noise.',
      draft: 'No music.\n',
    });
    expect((await get('/demo/api/records/parking')).json()).toMatchObject({
      published: null,
      draft: 'Free.\n',
    });
  });

  it('answers 304 until something changes', async () => {
    const first = await get('/demo/api/records/noise');
    const known = { 'if-none-match': String(first.headers.etag) };
    const second = await get('/demo/api/records/noise', known);
    expect([second.statusCode, second.body]).toEqual([304, '']);
    await saveDraft('noise', 'No music.\n');
    expect((await get('/demo/api/records/noise', known)).statusCode).toBe(200);
  });

  it('knows no record that is not there, and no id that is none', async () => {
    expect((await get('/demo/api/records/none')).statusCode).toBe(404);
    expect((await get('/demo/api/records/..%2Fsecret')).statusCode).toBe(400);
  });
});

describe('GET /demo/api/rooms', () => {
  it('shows the rooms of this moment', async () => {
    expect((await get('/demo/api/rooms')).json()).toEqual({ rooms: [] });
    rooms = [
      {
        documentName: 'record:noise',
        connections: 2,
        people: ['alice', 'bob'],
        unsavedSince: 1_700_000_000_000,
      },
    ];
    expect((await get('/demo/api/rooms')).json()).toEqual({ rooms });
  });
});

async function saveDraft(recordId: string, markdownBody: string): Promise<void> {
  const { token } = (await signIn('alice')).json();
  const response = await fetch(`${civicpress.url}/api/v1/records/${recordId}/draft`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ title: 'Noise Bylaw', type: 'bylaw', markdownBody }),
  });
  expect(response.ok).toBe(true);
}
