/**
 * What an administrator sees of rooms and people, and does with them.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ErrorCode, errors } from '../../../server/errors.ts';
import type { Answer } from '../../helpers/admin.ts';
import { Operator } from '../../helpers/operator.ts';
import { RecordedLog } from '../../helpers/recorded-log.ts';
import { TownHall } from '../../helpers/town-hall.ts';
import { until } from '../../helpers/until.ts';

const adminToken = 'a-token-of-the-tests-long-enough';

let townHall: TownHall;
let log: RecordedLog;
let operator: Operator;
beforeEach(async () => {
  log = new RecordedLog();
  townHall = await TownHall.open({ log, settings: { 'admin.token': adminToken } });
  operator = new Operator(townHall.url, adminToken);
});
afterEach(() => townHall.close());

function expectError({ status, body }: Answer, code: ErrorCode): void {
  const { reason: message, statusCode } = errors[code];
  expect(status).toBe(statusCode);
  expect(body).toEqual({ error: { code, message, statusCode, correlationId: expect.any(String) } });
}

const room = 'record:noise-bylaw';

const administrative: [string, string, unknown?][] = [
  ['GET', 'rooms'],
  ['GET', `rooms/${room}`],
  ['POST', `rooms/${room}/close`],
  ['PUT', `rooms/${room}/read-only`, { isReadOnly: false }],
  ['GET', 'clients'],
  ['POST', 'clients/nobody/disconnect'],
  ['GET', 'statistics'],
  ['POST', 'revoke', { userId: '7' }],
  ['GET', 'webhooks'],
  ['GET', 'webhooks/dead-letters'],
  ['POST', 'webhooks/dead-letters/1/resend'],
  ['GET', 'log-level'],
  ['PUT', 'log-level', { level: 'debug' }],
];

it('[T2] all of this is for administrators', async () => {
  const [alice, root] = [await townHall.tokenOf('alice'), await townHall.tokenOf('root', 'admin')];
  for (const [method, path, body] of administrative) {
    const ask = async (token: string | null) => new Operator(townHall.url, token).send(method, path, body);
    expectError(await ask(null), 'not-authenticated');
    expectError(await ask('nobody-has-this-token'), 'not-authenticated');
    expectError(await ask(alice), 'administrators-only');
    for (const token of [adminToken, root]) expect([200, 404, 409]).toContain((await ask(token)).status);
  }
});

it('[T3] lists rooms and people bit by bit, and shows one room', async () => {
  const names = ['noise-bylaw', 'privacy-policy', 'zoning-bylaw'];
  for (const name of names) await (await townHall.join(name)).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();

  const first = (await operator.get('rooms?limit=2')).body as { rooms: object[]; next: string };
  expect(first.rooms).toMatchObject([
    { documentName: room, connections: 2, people: ['alice', 'bob'], isReadOnly: false, nodes: ['local'] },
    { documentName: 'record:privacy-policy', connections: 1, unsavedSince: null },
  ]);
  const rest = (await operator.get(`rooms?limit=2&after=${encodeURIComponent(first.next)}`)).body;
  expect(rest).toMatchObject({ rooms: [{ documentName: 'record:zoning-bylaw' }], next: null });

  const seen = new Set<string>();
  for (let after = '', pages = 0; pages < 5; pages += 1) {
    const { body } = await operator.get(`clients?limit=1&after=${encodeURIComponent(after)}`);
    const page = body as { clients: { socket: string }[]; next: string | null };
    for (const { socket } of page.clients) seen.add(socket);
    if (page.next === null) break;
    after = page.next;
  }
  expect(seen.size).toBe(4);

  bob.type('Noise', ' (amended)');
  await bob.saved();
  await operator.post('records/noise-bylaw/snapshot');
  const { body } = await operator.get(`rooms/${room}`);
  expect(body).toMatchObject({ documentName: room, versions: 1, newestVersion: { revision: 1 } });
  expect(body.clients).toMatchObject([{ access: 'edit', isReadOnly: false, address: '127.0.0.1' }, {}]);
  expectError(await operator.get('rooms/record:budget'), 'no-such-room');
  expectError(await operator.get('rooms/what%20is%20this'), 'invalid-document-name');
});

it('[T4] closes a room, once all is saved, and who was in it comes back', async () => {
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', ' (kept)');
  expect((await operator.post(`rooms/${room}/close`)).body).toEqual({ closed: room });
  await until('alice is told', () => alice.closeCodes.includes(errors['room-closed'].closeCode));
  expect(await townHall.draftOf('noise-bylaw')).toContain('Noise (kept)');
  await until('alice is back', async () => {
    const { rooms } = (await operator.get('rooms')).body as { rooms: { connections: number }[] };
    return rooms[0]?.connections === 1;
  });
  expectError(await operator.post('rooms/record:budget/close'), 'no-such-room');
});

it('[T4] sends one socket away with a reason, and no other', async () => {
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  const { clients } = (await operator.get('clients')).body as { clients: { socket: string; name: string }[] };
  const socket = clients.find(({ name }) => name === 'bob')?.socket;
  let reason = '';
  bob.socket.webSocket?.addEventListener('close', (event) => {
    reason = (event as CloseEvent).reason;
  });
  const told = await operator.post(`clients/${socket}/disconnect`, { reason: 'The council is in session.' });
  expect(told.body).toEqual({ disconnected: socket });
  await until('bob is told', () => reason === 'The council is in session.');
  expect(bob.closeCodes).toEqual([errors['sent-away'].closeCode]);
  expect(alice.closeCodes).toEqual([]);
  expectError(await operator.post(`clients/${socket}/disconnect`), 'no-such-client');
  const tooLong = await operator.post('clients/x/disconnect', { reason: 'x'.repeat(41) });
  expect(tooLong.body).toMatchObject({ error: { code: 'bad-request' } });
});

it('[T5] makes a room one for reading, for whoever is there and whoever comes, and gives it back', async () => {
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const told = await operator.put(`rooms/${room}/read-only`, { isReadOnly: true });
  expect(told.body).toEqual({ documentName: room, isReadOnly: true });
  expect(await alice.noticed('room-read-only')).toEqual({ reason: errors['room-read-only'].reason });
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  expect(bob.scope).toBe('readonly');
  await bob.noticed('room-read-only');
  alice.type('Noise', ' (meanwhile)');
  expect((await operator.get('rooms')).body).toMatchObject({ rooms: [{ isReadOnly: true }] });
  const made = await operator.post('records/noise-bylaw/snapshot');
  const restoring = `records/noise-bylaw/versions/${made.body.version}/restore`;
  const asBob = new Operator(townHall.url, await townHall.tokenOf('bob'));
  expectError(await asBob.post(restoring), 'room-read-only');
  expect(bob.text).not.toContain('(meanwhile)');

  await operator.put(`rooms/${room}/read-only`, { isReadOnly: false });
  await bob.sees('(meanwhile)');
  await alice.saved();
  await until('bob may edit', () => bob.scope === 'read-write');
});

it('[T6] tells in the log who changed what, and who tried', async () => {
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const token = await townHall.tokenOf('root', 'admin');
  const root = new Operator(townHall.url, token);
  await root.post(`rooms/${room}/close`);
  await until('alice is back', () => alice.provider.isSynced);
  const refused = await root.post('rooms/record:budget/close');
  await root.post('revoke', { token: await townHall.tokenOf('alice') });
  await root.get('rooms');
  const isAudit = ({ message }: { message: string }) => message.includes('by the API');
  await until('the log has three lines', () => log.lines.filter(isAudit).length >= 3);
  const lines = log.lines.filter(isAudit);
  for (const { level } of lines) expect(level).toBe('info');
  const userId = expect.stringMatching(/^\d+$/);
  const request = expect.stringMatching(/^[\w-]{8}$/);
  const { correlationId } = refused.body.error as { correlationId: string };
  expect(lines.map(({ fields, message }) => ({ ...fields, message }))).toEqual([
    { message: 'changed by the API', request, userId, action: 'closeRoom', documentName: room, status: 200 },
    {
      message: 'a change by the API was refused',
      request: correlationId,
      userId,
      action: 'closeRoom',
      documentName: 'record:budget',
      status: 404,
    },
    { message: 'changed by the API', request, userId, action: 'revoke', status: 200 },
  ]);
  const whole = JSON.stringify(log.lines);
  for (const secret of [token, await townHall.tokenOf('alice')]) expect(whole).not.toContain(secret);
});

it('[T7] has one address wait that asks far too often, and says until when', async () => {
  let answer = await operator.get('openapi.json');
  for (let asked = 0; asked < 1_300 && answer.status === 200; asked += 50) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => operator.send('GET', 'webhooks')));
    answer = answers.find(({ status }) => status !== 200) ?? (answers[0] as (typeof answers)[0]);
  }
  expectError(answer, 'too-many-requests');
  expect(Number((answer as { headers?: Headers }).headers?.get('retry-after'))).toBeGreaterThan(0);
});

it('[T3] says how the server does', async () => {
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', 's');
  await alice.saved();
  const { body } = await operator.get('statistics');
  expect(body).toMatchObject({
    node: 'local',
    rooms: 1,
    connections: 1,
    users: 1,
    addresses: 1,
    sockets: 1,
    dependencies: { civicpress: { state: 'up' }, journal: { state: 'up' }, snapshots: { state: 'up' } },
  });
  expect(body.traffic).toContainEqual(expect.objectContaining({ direction: 'in', kind: 'sync' }));
});
