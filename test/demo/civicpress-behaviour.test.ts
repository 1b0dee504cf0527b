/** What the embedded CivicPress does beyond single recorded exchanges: its traps, limits, rights, and what it keeps. */
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { installSampleRecords } from '../../server/demo/civicpress/index.ts';
import { startTestApi } from './api-client.ts';

const NOISE_BYLAW = `---
id: noise-bylaw
title: Noise Bylaw
type: bylaw
status: published

author: clerk
authors:
  - name: Clerk
    username: clerk

created: 2025-02-03T15:04:05.000Z
updated: 2025-02-03T15:04:05.000Z

tags:
  - noise
department: Public Works

linked_records:
  - id: zoning-bylaw
    type: bylaw
    description: Zones

metadata:
  reviewed_by: council
---

# Noise Bylaw

No noise after 22:00.
`;

describe('PUT /records/:id/draft', () => {
  it('empties every field that a new draft leaves out, and publishing erases it from the record', async () => {
    const api = await startTestApi();
    await api.writeRecord('noise-bylaw.md', NOISE_BYLAW);
    const clerk = await api.as('clerk', 'clerk');

    const draft = { title: 'Noise Bylaw', type: 'bylaw', markdownBody: '# Quiet\n' };
    const saved = await clerk('PUT', '/records/noise-bylaw/draft', draft);
    expect(saved.body).toMatchObject({
      data: { metadata: {}, linkedRecords: [], markdownBody: '# Quiet\n' },
    });

    await clerk('POST', '/records/noise-bylaw/publish', { status: 'published' });
    const file = await readFile(join(api.recordsDir, 'noise-bylaw.md'), 'utf8');
    expect(parse(file.split('---')[1] ?? '')).toEqual({
      id: 'noise-bylaw',
      title: 'Noise Bylaw',
      type: 'bylaw',
      status: 'published',
      author: 'clerk',
      created: '2025-02-03T15:04:05.000Z',
      updated: expect.any(String),
    });
  });

  it('keeps every field that a client copies from the record', async () => {
    const api = await startTestApi();
    await api.writeRecord('noise-bylaw.md', NOISE_BYLAW);
    const clerk = await api.as('clerk', 'clerk');
    const { text } = await clerk('GET', '/records/noise-bylaw?edit=true');
    const { data } = JSON.parse(text) as { data: Record<string, unknown> };

    await clerk('PUT', '/records/noise-bylaw/draft', data);
    await clerk('POST', '/records/noise-bylaw/publish', { status: 'published' });

    const file = await readFile(join(api.recordsDir, 'noise-bylaw.md'), 'utf8');
    const { authors: _lostByCivicPress, ...before } = parse(NOISE_BYLAW.split('---')[1] ?? '');
    expect(parse(file.split('---')[1] ?? '')).toEqual({ ...before, updated: expect.any(String) });
  });

  it('updates an existing draft field by field', async () => {
    const api = await startTestApi();
    const clerk = await api.as('clerk', 'clerk');
    await clerk('PUT', '/records/a/draft', { title: 'A', type: 'policy', metadata: { tags: ['x'] } });
    const { body } = await clerk('PUT', '/records/a/draft', { markdownBody: 'text' });
    expect(body).toMatchObject({
      data: { title: 'A', type: 'policy', metadata: { tags: ['x'] }, markdownBody: 'text' },
    });
  });

  it('takes no part of the published record into a new draft, not even its title', async () => {
    const api = await startTestApi();
    await api.writeRecord('noise-bylaw.md', NOISE_BYLAW);
    const clerk = await api.as('clerk', 'clerk');
    expect((await clerk('PUT', '/records/noise-bylaw/draft', { markdownBody: 'x' })).status).toBe(400);
    expect(await clerk('GET', '/records/noise-bylaw')).toMatchObject({
      body: { data: { hasUnpublishedChanges: false } },
    });
  });

  it('refuses the wrong kind of field, and names it', async () => {
    const api = await startTestApi();
    const clerk = await api.as('clerk', 'clerk');
    const { status, body } = await clerk('PUT', '/records/a/draft', { title: 1, attachedFiles: {} });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: { details: [{ path: 'title', value: 1 }, { path: 'attachedFiles' }] },
    });
  });

  it('refuses a body over 10 MB', async () => {
    const api = await startTestApi();
    const clerk = await api.as('clerk', 'clerk');
    const { status } = await clerk('PUT', '/records/a/draft', { markdownBody: 'x'.repeat(10 * 1024 * 1024) });
    expect(status).toBe(413);
  });
});

describe('publishing', () => {
  it.each([
    ['a final newline', '# Title\n\ntext\n'],
    ['no final newline', 'text'],
    ['blank lines and spaces at both ends', '\n\n  text  \n\n\n'],
    ['carriage returns', 'one\r\n\r\ntwo\r\n'],
    ['a line of dashes', '---\nid: forged\n---\n'],
    ['nothing', ''],
  ])('writes the body byte for byte: %s', async (_what, markdownBody) => {
    const api = await startTestApi();
    const clerk = await api.as('clerk', 'clerk');
    await clerk('PUT', '/records/a/draft', { title: 'A: "quoted"', type: 'policy', markdownBody });
    expect((await clerk('POST', '/records/a/publish', { status: 'published' })).status).toBe(201);

    const year = new Date().getUTCFullYear();
    const file = await readFile(join(api.recordsDir, `records/policy/${year}/a.md`), 'utf8');
    expect(file.slice(file.indexOf('\n---\n\n') + 6)).toBe(markdownBody);
    expect(await api.anyone('GET', '/records/a')).toMatchObject({
      body: { data: { id: 'a', title: 'A: "quoted"', content: markdownBody.trim() } },
    });
  });

  it('ends the draft, and needs one', async () => {
    const api = await startTestApi();
    const clerk = await api.as('clerk', 'clerk');
    await clerk('PUT', '/records/a/draft', { title: 'A', type: 'policy', markdownBody: 'text' });
    await clerk('POST', '/records/a/publish');
    expect((await clerk('GET', '/records/a?edit=true')).body).toMatchObject({ data: { isDraft: false } });
    expect((await clerk('POST', '/records/a/publish')).status).toBe(500);
  });
});

describe('reading records', () => {
  it('shows the id that the frontmatter gives, under the URL of the file', async () => {
    const api = await startTestApi();
    await api.writeRecord('old-name.md', NOISE_BYLAW);
    expect((await api.anyone('GET', '/records/old-name')).body).toMatchObject({
      data: { id: 'noise-bylaw' },
    });
    expect((await api.anyone('GET', '/records/noise-bylaw')).status).toBe(404);
  });

  it('folds other frontmatter fields into the metadata', async () => {
    const api = await startTestApi();
    await api.writeRecord('records/bylaw/2025/noise-bylaw.md', NOISE_BYLAW);
    expect((await api.anyone('GET', '/records/noise-bylaw')).body).toMatchObject({
      data: {
        metadata: { tags: ['noise'], department: 'Public Works', reviewed_by: 'council' },
        linkedRecords: [{ id: 'zoning-bylaw' }],
        path: 'records/bylaw/2025/noise-bylaw.md',
        created_at: '2025-02-03T15:04:05.000Z',
      },
    });
  });

  it.each([
    ['no frontmatter', '# Only text\n'],
    ['damaged frontmatter', '---\ntitle: [\n---\n\ntext\n'],
    ['frontmatter that is no mapping', '---\njust words\n---\n\ntext\n'],
  ])('takes the whole file for the body: %s', async (_what, text) => {
    const api = await startTestApi();
    await api.writeRecord('plain.md', text);
    expect((await api.anyone('GET', '/records/plain')).body).toMatchObject({
      data: { id: 'plain', title: 'plain', content: text.trim() },
    });
  });

  it('lists what is published, in pages, to anyone', async () => {
    const api = await startTestApi();
    await installSampleRecords(api.recordsDir);
    const clerk = await api.as('clerk', 'clerk');
    await clerk('PUT', '/records/unpublished/draft', { title: 'A', type: 'policy' });
    await clerk('PUT', '/records/noise-bylaw/draft', { title: 'A', type: 'bylaw' });

    const { text } = await api.anyone('GET', '/records?sort=title_asc&limit=3&page=2');
    const { data } = JSON.parse(text) as {
      data: { records: { id: string; type: string }[]; totalCount: number };
    };
    expect(data.records).toHaveLength(3);
    expect(data.totalCount).toBe((await readdir(api.recordsDir)).length);
    expect(text).not.toContain('unpublished');
    expect((await clerk('GET', '/records?type=bylaw')).body).toMatchObject({
      data: {
        records: expect.arrayContaining([
          expect.objectContaining({ id: 'noise-bylaw', hasUnpublishedChanges: true }),
        ]),
      },
    });
    expect((await api.anyone('GET', '/records?limit=301')).body).toMatchObject({
      error: { details: [{ msg: 'Limit must be between 1 and 300', location: 'query' }] },
    });
  });

  it('shows an editor the draft as a file, and everybody else the published one', async () => {
    const api = await startTestApi();
    await api.writeRecord('noise-bylaw.md', NOISE_BYLAW);
    const clerk = await api.as('clerk', 'clerk');
    await clerk('PUT', '/records/noise-bylaw/draft', { title: 'Quiet', type: 'bylaw', markdownBody: 'hush' });
    expect((await api.anyone('GET', '/records/noise-bylaw/raw')).body).toMatchObject({
      data: { content: NOISE_BYLAW },
    });
    expect((await clerk('GET', '/records/noise-bylaw/raw')).text).toContain('hush');
    expect((await api.anyone('GET', '/records/noise-bylaw/frontmatter')).text).toContain(
      'title: Noise Bylaw',
    );
    expect((await clerk('GET', '/records/noise-bylaw/frontmatter')).text).toContain('title: Quiet');
  });
});

describe('paths', () => {
  it.each([
    '..%2f..%2fsecret',
    '%2e%2e%2fsecret',
    'a%00b',
    'a.md',
    'x'.repeat(200),
    '__proto__%2f',
    'caf%C3%A9',
  ])('finds nothing at /records/%s', async (id) => {
    const api = await startTestApi();
    await mkdir(api.recordsDir, { recursive: true });
    await writeFile(join(api.folder, 'secret.md'), 'secret');
    const clerk = await api.as('clerk', 'clerk');
    const draft = { title: 'A', type: 'policy', markdownBody: 'x' };
    for (const answer of [
      await clerk('GET', `/records/${id}`),
      await clerk('GET', `/records/${id}/raw`),
      await clerk('PUT', `/records/${id}/draft`, draft),
      await clerk('POST', `/records/${id}/lock`),
      await clerk('POST', `/records/${id}/snapshot`),
      await clerk('POST', `/records/${id}/collab-snapshot`, { snapshot: 'AA==', version: 1 }),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { error: { code: 'RECORD_NOT_FOUND' } } });
    }
  });

  it('takes a dot segment, sent as it is, for no record', async () => {
    const api = await startTestApi();
    await writeFile(join(api.folder, 'secret.md'), 'secret');
    const socket = connect(api.civicpress.port, '127.0.0.1');
    socket.end('GET /api/v1/records/../../secret HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain(' 404 Not Found');
    expect(String(answer)).not.toContain('\r\n\r\nsecret');
  });

  it('follows no link out of the folder, neither of a file nor of a folder', async () => {
    const api = await startTestApi();
    await api.writeRecord('noise-bylaw.md', NOISE_BYLAW);
    await mkdir(join(api.folder, 'elsewhere/2025'), { recursive: true });
    await writeFile(join(api.folder, 'elsewhere/2025/linked.md'), 'secret');
    await mkdir(join(api.recordsDir, 'records'));
    await symlink(join(api.folder, 'elsewhere'), join(api.recordsDir, 'records/policy'));
    await symlink(join(api.folder, 'elsewhere/2025/linked.md'), join(api.recordsDir, 'linked.md'));
    await symlink('noise-bylaw.md', join(api.recordsDir, 'alias.md'));

    expect((await api.anyone('GET', '/records/linked')).status).toBe(404);
    expect((await api.anyone('GET', '/records/alias')).status).toBe(200);
    expect((await api.anyone('GET', '/records')).text).not.toContain('secret');

    // Another id, lest the links above stand in the way of finding it.
    const clerk = await api.as('clerk', 'clerk');
    await clerk('PUT', '/records/escaped/draft', { title: 'A', type: 'policy', markdownBody: 'x' });
    expect((await clerk('POST', '/records/escaped/publish')).status).toBe(500);
    expect(await readdir(join(api.folder, 'elsewhere'))).toEqual(['2025']);
  });

  it('makes a harmless folder of any type', async () => {
    const api = await startTestApi();
    const clerk = await api.as('clerk', 'clerk');
    await clerk('PUT', '/records/a/draft', { title: 'A', type: '../../Règle', markdownBody: 'x' });
    expect((await clerk('POST', '/records/a/publish')).body).toMatchObject({
      data: { path: expect.stringMatching(/^records\/[a-z0-9_-]+\/\d{4}\/a\.md$/) },
    });
  });
});

describe('sessions', () => {
  it('ends the oldest when a user signs in for the sixth time', async () => {
    let time = 1_800_000_000_000;
    const api = await startTestApi({ now: () => time });
    const tokens = [];
    for (let login = 1; login <= 6; login += 1) {
      time += 1000;
      tokens.push(await api.login('clerk', 'clerk'));
    }
    const statuses = await Promise.all(
      tokens.map(async (token) => (await api.bearing(token)('GET', '/auth/me')).status),
    );
    expect(statuses).toEqual([401, 200, 200, 200, 200, 200]);
  });

  it('end after 24 hours', async () => {
    let time = 1_800_000_000_000;
    const api = await startTestApi({ now: () => time });
    const clerk = await api.as('clerk', 'clerk');
    time += 24 * 60 * 60 * 1000 - 1;
    expect((await clerk('GET', '/auth/me')).status).toBe(200);
    time += 1;
    expect((await clerk('GET', '/auth/me')).status).toBe(401);
  });

  it('survive a restart, as do drafts, locks and snapshots, and their tokens are nowhere on disk', async () => {
    const api = await startTestApi();
    const token = await api.login('clerk', 'clerk');
    const clerk = api.bearing(token);
    await clerk('PUT', '/records/a/draft', { title: 'A', type: 'policy', markdownBody: 'kept' });
    await clerk('POST', '/records/a/lock');
    await clerk('POST', '/records/a/collab-snapshot', { snapshot: 'AQID', version: 3 });

    await api.restart();

    expect((await clerk('GET', '/auth/me')).status).toBe(200);
    expect((await clerk('GET', '/records/a?edit=true')).body).toMatchObject({
      data: { markdownBody: 'kept' },
    });
    expect((await clerk('GET', '/records/a/lock')).body).toMatchObject({ data: { locked: true } });
    expect((await clerk('GET', '/records/a/collab-snapshot')).body).toMatchObject({ data: { version: 3 } });

    const files = await readdir(join(api.folder, 'data'), { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      expect(await readFile(join(file.parentPath, file.name), 'utf8')).not.toContain(token);
      expect(file.name).toMatch(/\.json$/);
    }
  });

  it('end at logout, at revocation, with the account, and change with the role', async () => {
    const api = await startTestApi();
    const clerk = await api.as('clerk', 'clerk');
    const other = await api.as('other', 'clerk');

    api.civicpress.setRole('clerk', 'public');
    expect((await clerk('GET', '/records/a/lock')).status).toBe(403);
    api.civicpress.revokeSessions('clerk');
    expect((await clerk('GET', '/auth/me')).status).toBe(401);
    expect((await clerk('GET', '/records/a/lock')).status).toBe(401);

    const third = await api.as('third', 'clerk');
    api.civicpress.deleteUser('third');
    expect((await third('GET', '/auth/me')).status).toBe(401);
    expect((await third('GET', '/records/a/lock')).status).toBe(401);

    expect((await other('POST', '/auth/logout')).status).toBe(200);
    expect((await other('GET', '/auth/me')).status).toBe(401);
    expect((await api.anyone('POST', '/auth/logout')).status).toBe(401);
  });

  it('tell by the list of caches who is an administrator', async () => {
    const api = await startTestApi();
    const root = await api.as('root', 'admin');
    expect((await root('GET', '/cache/list')).body).toMatchObject({ success: true, data: { count: 0 } });
    api.civicpress.setRole('root', 'clerk');
    expect(await root('GET', '/cache/list')).toMatchObject({
      status: 403,
      body: { error: { code: 'INSUFFICIENT_PERMISSIONS', required: 'system:admin' } },
    });
    api.civicpress.revokeSessions('root');
    expect((await root('GET', '/cache/list')).status).toBe(401);
  });

  it('need the right password, and a configured account needs one', async () => {
    const users = [{ username: 'service', password: 'secret', role: 'clerk' }];
    const api = await startTestApi({ users });
    const login = (password: string) =>
      api.anyone('POST', '/users/auth/password', { username: 'service', password });
    expect(await login('secret')).toMatchObject({
      status: 200,
      body: { data: { session: { user: { role: 'clerk' } } } },
    });
    expect((await login('Secret')).status).toBe(401);
    expect((await api.anyone('POST', '/auth/simulated', { username: 'service', role: 'admin' })).status).toBe(
      409,
    );
  });
});

describe('rights by record type', () => {
  it('show in no list, only to the lock route and the draft that name the type', async () => {
    const api = await startTestApi({ roleRecordTypes: { planner: ['bylaw'] } });
    await api.writeRecord('noise-bylaw.md', NOISE_BYLAW);
    const planner = await api.as('pat', 'planner');

    const { text } = await planner('GET', '/auth/me');
    expect(text).not.toContain('records:edit');
    expect((await planner('GET', '/records/noise-bylaw/lock')).status).toBe(403);
    expect((await planner('GET', '/records/noise-bylaw/lock?type=policy')).body).toMatchObject({
      error: { message: "Permission denied: Cannot edit records of type 'policy'", recordType: 'policy' },
    });
    expect((await planner('GET', '/records/noise-bylaw/lock?type=bylaw')).status).toBe(200);

    const draft = { title: 'Noise Bylaw', type: 'bylaw', markdownBody: 'x' };
    expect((await planner('PUT', '/records/noise-bylaw/draft', draft)).status).toBe(200);
    expect((await planner('PUT', '/records/noise-bylaw/draft', draft)).status).toBe(200);
    expect((await planner('PUT', '/records/noise-bylaw/draft', { markdownBody: 'y' })).status).toBe(403);
    // The read routes know nothing of it: they show the published text.
    expect((await planner('GET', '/records/noise-bylaw?edit=true')).body).toMatchObject({
      data: { isDraft: false },
    });
  });

  it("do not reach another type's draft by naming one's own", async () => {
    const api = await startTestApi({ roleRecordTypes: { planner: ['bylaw'] } });
    const clerk = await api.as('clerk', 'clerk');
    const planner = await api.as('pat', 'planner');
    await clerk('PUT', '/records/a/draft', { title: 'A', type: 'policy', markdownBody: 'x' });
    expect((await planner('PUT', '/records/a/draft', { type: 'bylaw', markdownBody: 'y' })).status).toBe(403);
  });
});

describe('rate limits', () => {
  it('count all requests of an address, and end with their window', async () => {
    let time = 1_800_000_000_000;
    const api = await startTestApi({ rateLimits: true, now: () => time });
    for (let request = 1; request <= 1000; request += 1) await api.anyone('GET', '/nowhere');
    time += 60_000;
    const refused = await api.anyone('GET', '/records');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('840');
    expect(refused.headers.get('content-type')).toMatch(/^text\/html/);
    time += 840_000;
    expect((await api.anyone('GET', '/records')).status).toBe(200);
  });
});

describe('snapshots', () => {
  it('asks the realtime server to flush the room', async () => {
    const asked: string[] = [];
    const api = await startTestApi({
      onSnapshotRequested: async (recordId) => {
        asked.push(recordId);
        return { snapshotCreated: true, version: 7 };
      },
    });
    const clerk = await api.as('clerk', 'clerk');
    expect((await clerk('POST', '/records/a/snapshot')).body).toMatchObject({
      data: { snapshotCreated: true, version: 7 },
    });
    expect(asked).toEqual(['a']);
  });

  it('answers 500 without a word of why when the realtime server fails', async () => {
    const api = await startTestApi({
      onSnapshotRequested: () => Promise.reject(new Error('the path /srv/secret is full')),
    });
    const clerk = await api.as('clerk', 'clerk');
    const { status, text } = await clerk('POST', '/records/a/snapshot');
    expect(status).toBe(500);
    expect(text).not.toContain('secret');
  });

  it('stores a collab-snapshot for editors', async () => {
    const api = await startTestApi();
    const clerk = await api.as('clerk', 'clerk');
    const reader = await api.as('reader', 'public');
    expect(await clerk('GET', '/records/a/collab-snapshot')).toMatchObject({
      status: 404,
      body: { error: { code: 'SNAPSHOT_NOT_FOUND' } },
    });
    expect(
      (await reader('POST', '/records/a/collab-snapshot', { snapshot: 'AQID', version: 1 })).status,
    ).toBe(403);
    expect(
      (await clerk('POST', '/records/a/collab-snapshot', { snapshot: '§', version: -1 })).body,
    ).toMatchObject({
      error: { details: [{ path: 'snapshot' }, { path: 'version' }] },
    });
    await clerk('POST', '/records/a/collab-snapshot', { snapshot: 'AQID', version: 2 });
    expect((await clerk('GET', '/records/a/collab-snapshot')).body).toEqual({
      success: true,
      data: { recordId: 'a', snapshot: 'AQID', version: 2, timestamp: expect.any(String) },
    });
  });

  it('takes no collab-snapshot in the place of the same version or a newer one', async () => {
    const api = await startTestApi();
    const clerk = await api.as('clerk', 'clerk');
    const store = (version: number, snapshot: string) =>
      clerk('POST', '/records/a/collab-snapshot', { snapshot, version, info: { at: version } });
    await store(2, 'AQID');
    for (const version of [1, 2]) {
      expect(await store(version, 'BBBB')).toMatchObject({
        status: 409,
        body: { error: { code: 'SNAPSHOT_VERSION_TAKEN' } },
      });
    }
    const stored = await clerk('GET', '/records/a/collab-snapshot');
    expect(stored.body).toMatchObject({ data: { snapshot: 'AQID', version: 2, info: { at: 2 } } });
    expect((await store(3, 'BBBB')).status).toBe(200);
  });
});

describe('the sample records', () => {
  it('fill an empty folder once, and are records with their file names as ids', async () => {
    const api = await startTestApi();
    await installSampleRecords(api.recordsDir);
    for (const name of await readdir(api.recordsDir)) {
      const id = name.replace(/\.md$/, '');
      expect((await api.anyone('GET', `/records/${id}`)).body).toMatchObject({
        data: {
          id,
          status: 'published',
          title: expect.any(String),
          authors: [{ username: expect.any(String) }],
        },
      });
    }
    await writeFile(join(api.recordsDir, 'noise-bylaw.md'), 'mine');
    await installSampleRecords(api.recordsDir);
    expect(await readFile(join(api.recordsDir, 'noise-bylaw.md'), 'utf8')).toBe('mine');
  });
});

describe('a file that cannot be read', () => {
  const fields = (count: number) => Array.from({ length: count }, (_, index) => `k${index}: v`).join('\n');

  it.each([
    ['is not UTF-8', Buffer.from('---\ntitle: a\n---\n\nStra\xdfe\n', 'latin1'), 'RECORD_NOT_UTF8'],
    ['has 100,000 keys', Buffer.from(`---\n${fields(100_000)}\n---\n\na\n`), 'FRONTMATTER_TOO_LARGE'],
    ['has 501 keys', Buffer.from(`---\n${fields(501)}\n---\n\na\n`), 'FRONTMATTER_TOO_LARGE'],
    ['has 64 KB of marks', Buffer.from(`---\n${'"'.repeat(60_000)}\n---\n\na\n`), 'FRONTMATTER_TOO_LARGE'],
  ])('says so when it %s, and is in no list', async (_what, bytes, code) => {
    const api = await startTestApi();
    await api.writeRecord('good.md', `---\n${fields(499)}\n---\n\na\n`);
    await writeFile(join(api.recordsDir, 'bad.md'), bytes);
    const clerk = await api.as('clerk', 'clerk');
    const startedAt = performance.now();
    for (const path of ['/records/bad', '/records/bad?edit=true', '/records/bad/raw']) {
      expect(await clerk('GET', path)).toMatchObject({ status: 422, body: { error: { code } } });
    }
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    const { body } = await clerk('GET', '/records');
    expect(body).toMatchObject({ data: { records: [{ id: 'good' }], totalCount: 1 } });
  });
});
