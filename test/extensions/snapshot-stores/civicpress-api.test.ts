/** What only the store in CivicPress has to keep to; the rest is in `test/contract/snapshot-store.test.ts`. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  NoSnapshotRoute,
  openCivicPressSnapshots,
} from '../../../extensions/snapshot-stores/civicpress-api.ts';
import { connectCivicPress } from '../../../server/civicpress/http.ts';
import { ServiceSession } from '../../../server/civicpress/service-session.ts';
import type { EmbeddedCivicPressOptions } from '../../../server/demo/civicpress/index.ts';
import type { SnapshotInfo } from '../../../server/ports.ts';
import { RevisionTaken } from '../../../server/revision-taken.ts';
import { openOffice } from '../../server/civicpress/office.ts';
import { type Script, scriptedCivicPress } from '../../server/civicpress/scripted-civicpress.ts';

const info: SnapshotInfo = { revision: 1, at: 1, byteSize: 3, contributors: [], name: null };
const bytes = Uint8Array.of(1, 2, 3);
const credentials = { username: 'realtime', password: 'of the tests' };

async function officeWith(civicpress: Partial<EmbeddedCivicPressOptions> = {}) {
  const office = await openOffice({ civicpress });
  const options = { service: credentials, timeoutMs: 2_000, cacheMs: 60_000, forwardAddress: false };
  const { service } = connectCivicPress({ url: office.wire.url, ...options });
  return { ...office, open: () => openCivicPressSnapshots(service) };
}

/** A CivicPress that signs the server in, and then answers as the script says. */
async function openScripted(script: Script) {
  const { client } = await scriptedCivicPress((response, nth, request) => {
    if (!request.url?.endsWith('/users/auth/password')) return script(response, nth, request);
    response.end(JSON.stringify({ success: true, data: { session: { token: 'abc' } } }));
  });
  return openCivicPressSnapshots(new ServiceSession(client, credentials));
}

describe('a CivicPress without the route', () => {
  it('is found out at the start: v0.3.1', async () => {
    const { open } = await officeWith({ collabSnapshots: false });
    await expect(open()).rejects.toThrow(NoSnapshotRoute);
    await expect(open()).rejects.toThrow(/no route .*collab-snapshot.*database, filesystem or postgres/);
  });

  it('is found out at the start: one that answers in plain text', async () => {
    const opened = openScripted((response) => void response.writeHead(404).end('Cannot GET'));
    await expect(opened).rejects.toThrow(NoSnapshotRoute);
  });

  it('is found out at the first use when it did not answer at the start, and is taken for no empty one', async () => {
    const { open, wire } = await officeWith({ collabSnapshots: false });
    wire.mode = 'error500';
    const store = await open();
    await expect(store.list('record:a')).rejects.toMatchObject({ code: 'civicpress-unavailable' });
    wire.mode = 'pass';
    await expect(store.list('record:a')).rejects.toThrow(NoSnapshotRoute);
    await expect(store.read('record:a', 1)).rejects.toThrow(NoSnapshotRoute);
    await expect(store.write('record:a', info, bytes)).rejects.toThrow(NoSnapshotRoute);
  });
});

it('is used again when CivicPress, which did not answer at the start, does', async () => {
  const { open, wire } = await officeWith();
  wire.mode = 'refuse';
  const store = await open();
  await expect(store.write('record:a', info, bytes)).rejects.toMatchObject({
    code: 'civicpress-unavailable',
  });
  wire.mode = 'pass';
  await store.write('record:a', info, bytes);
  expect(await store.read('record:a', 1)).toEqual(bytes);
});

it('signs in again when the session has ended', async () => {
  const { open, api } = await officeWith();
  const store = await open();
  await store.write('record:a', info, bytes);
  api.civicpress.revokeSessions('realtime');
  await store.write('record:a', { ...info, revision: 2 }, bytes);
  api.civicpress.revokeSessions('realtime');
  expect(await store.list('record:a')).toMatchObject([{ revision: 2 }]);
});

describe('a revision that is there already', () => {
  it('is ours when its bytes are: the answer to an earlier try got lost', async () => {
    const { open } = await officeWith();
    const store = await open();
    await store.write('record:a', info, bytes);
    await store.write('record:a', info, bytes);
    await expect(store.write('record:a', info, Uint8Array.of(4))).rejects.toThrow(RevisionTaken);
  });
});

describe('an answer', () => {
  it('without what was said about the snapshot has the time at which CivicPress took it', async () => {
    const { open, api } = await officeWith();
    const clerk = await api.as('clara', 'clerk');
    await clerk('POST', '/records/a/collab-snapshot', { snapshot: 'AQID', version: 7 });
    const store = await open();
    const [found] = await store.list('record:a');
    expect(found).toEqual({ ...info, revision: 7, at: expect.any(Number) });
    expect(Math.abs((found as SnapshotInfo).at - Date.now())).toBeLessThan(60_000);
    expect(await store.read('record:a', 7)).toEqual(bytes);
  });

  it.each([
    ['of another shape', { success: true, data: { snapshot: 5 } }],
    ['without data', { success: true }],
  ])('%s is no answer, and no empty store', async (_how, body) => {
    const store = await openScripted((response) => void response.end(JSON.stringify(body)));
    await expect(store.list('record:a')).rejects.toMatchObject({ code: 'civicpress-unavailable' });
  });

  it('404 for a reason of its own is no empty store', async () => {
    const body = JSON.stringify({ success: false, error: { code: 'TENANT_NOT_FOUND', message: 'no' } });
    const store = await openScripted((response) => void response.writeHead(404).end(body));
    await expect(store.list('record:a')).rejects.toMatchObject({ code: 'civicpress-unavailable' });
  });

  it('that refuses the service user says so', async () => {
    const { open, api } = await officeWith();
    const store = await open();
    api.civicpress.setRole('realtime', 'public');
    const refused = { code: 'service-refused', context: { recordId: 'a', status: 403 } };
    await expect(store.write('record:a', info, bytes)).rejects.toMatchObject(refused);
    await expect(store.list('record:a')).rejects.toMatchObject(refused);
  });

  it('that refuses a snapshot for its size says how large it is', async () => {
    const store = await openScripted((response, _nth, { method }) => {
      if (method === 'POST') response.writeHead(413).end('Payload Too Large');
      else response.writeHead(404).end(JSON.stringify({ error: { code: 'SNAPSHOT_NOT_FOUND' } }));
    });
    await expect(store.write('record:a', info, bytes)).rejects.toMatchObject(tooLarge(3));
  });
});

it('a snapshot that CivicPress cannot take is not sent at all', async () => {
  const { open, wire } = await officeWith();
  const store = await open();
  await store.write('record:a', info, new Uint8Array(randomBytes(7_800_000)));
  wire.requests.length = 0;
  const large = new Uint8Array(randomBytes(7_830_000));
  await expect(store.write('record:a', { ...info, revision: 2 }, large)).rejects.toMatchObject(
    tooLarge(7_830_000),
  );
  expect(wire.requests).toEqual([]);
});

const tooLarge = (byteSize: number) => ({
  code: 'service-refused',
  context: { recordId: 'a', why: expect.stringContaining('larger than CivicPress takes'), byteSize },
});
