/**
 * Answers that come late: what was asked before CivicPress changed its mind says nothing any more.
 */
import type { Connection } from '@hocuspocus/server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Notices } from '../../extensions/notices.ts';
import { Rights } from '../../extensions/rights.ts';
import { Sources } from '../../extensions/sources.ts';
import { RealtimeError } from '../../server/errors.ts';
import type { Access, Identity, User } from '../../server/ports.ts';
import { RoomTypes } from '../../server/room-types.ts';
import type { ClientSocket } from '../../server/session.ts';
import { RecordedLog } from '../helpers/recorded-log.ts';
import { until } from '../helpers/until.ts';

const alice: User = { id: '1', name: 'alice', role: 'clerk', permissions: [] };
const credentials = { token: 'of-alice', address: '192.0.2.1' };

/** Questions wait until a test answers them, in any order. */
let questions: ((access: Access | RealtimeError) => void)[];
let closed: number[];
let rights: Rights;

const identity: Identity = {
  userOf: async () => alice,
  accessTo: () =>
    new Promise<Access>((resolve, reject) => {
      questions.push((answer) => (answer instanceof RealtimeError ? reject(answer) : resolve(answer)));
    }),
  renew: async () => undefined,
  askedAt: () => performance.now(),
  forget: () => undefined,
  paceOf: () => ({ counter: '', pauseMs: 0 }),
};

beforeEach(() => {
  questions = [];
  closed = [];
  const log = new RecordedLog();
  const record = {
    name: 'record',
    hasIds: true,
    accessTo: (id: string, who: typeof credentials) => identity.accessTo(id, who),
    extensions: [],
  };
  rights = new Rights({
    identity,
    roomTypes: new RoomTypes([record]),
    notices: new Notices(new Sources(), { emit: () => undefined } as never),
    recheckMs: 3_600_000,
    staleMs: 3_600_000,
    events: { emit: () => undefined },
    log,
  });
});
afterEach(() => rights.stop());

function enter() {
  const socket = {
    id: 'socket',
    address: credentials.address,
    close: (code: number) => void closed.push(code),
  };
  const door = { socket: socket as unknown as ClientSocket, connectionConfig: { readOnly: false } };
  return { door, session: rights.admit('record:noise-bylaw', credentials, door) };
}

async function answer(access: Access | RealtimeError): Promise<void> {
  const next = await until('something is asked', () => questions.shift());
  next(access);
}

it('[A12] lets nobody in by an answer from before a revocation', async () => {
  const { session } = enter();
  await until('it is asked', () => questions.length === 1);
  await rights.revoke({ userId: 'somebody' });
  await answer('edit');
  await answer('read');
  expect((await session).access).toBe('read');
});

it('[A12] asks again when a re-check was under way, and the later answer counts', async () => {
  const { session } = enter();
  await answer('edit');
  const { access } = await session;
  expect(access).toBe('edit');
  const before = rights.revoke({ userId: '1' });
  const after = rights.revoke({ userId: '1' });
  await until('it is asked', () => questions.length === 1);
  await answer('edit');
  await answer('read');
  expect(await before).toMatchObject({ demoted: 0 });
  expect(await after).toMatchObject({ demoted: 1 });
  expect((await session).access).toBe('read');
});

it('[A12] counts for a connection that Hocuspocus has not made yet', async () => {
  const { door, session } = enter();
  await answer('edit');
  await session;
  const revoked = rights.revoke({ token: credentials.token });
  await answer('read');
  await revoked;
  expect(door.connectionConfig.readOnly).toBe(true);
  expect(closed).toEqual([]);
  const gone = rights.revoke({ token: credentials.token });
  await answer('none');
  expect(await gone).toMatchObject({ closed: 1 });
  expect(closed).toEqual([4004]);
});

it('[A13] says nothing about rights when a record cannot be read for another reason', async () => {
  const { session } = enter();
  await answer('edit');
  await session;
  const checked = rights.revoke({ recordId: 'noise-bylaw' });
  await answer(new RealtimeError('unreadable-record'));
  expect(await checked).toEqual({ checked: 1, demoted: 0, promoted: 0, closed: 0, unanswered: 0 });
  expect(closed).toEqual([]);
});

it('[A13] ends the connection with the socket: what it has received already is not taken either', async () => {
  const { session } = enter();
  await answer('edit');
  const connection = { readOnly: false, close: () => void closed.push(connection.readOnly ? 1 : 0) };
  rights.seated(await session, connection as unknown as Connection);
  const gone = rights.revoke({ token: credentials.token });
  await answer('none');
  await gone;
  expect(closed).toEqual([4004, 1]);
});
