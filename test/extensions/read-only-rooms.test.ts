/** A room that is for reading for more than one cause opens when the last has gone. */
import type { Connection, connectedPayload, Hocuspocus, onAuthenticatePayload } from '@hocuspocus/server';
import { beforeEach, expect, it } from 'vitest';
import type { Notice } from '../../extensions/notices.ts';
import { ReadOnlyRooms } from '../../extensions/read-only-rooms.ts';
import type { ConnectionContext } from '../../server/session.ts';

const documentName = 'record:one';
const gone: Notice = { event: 'record-gone', data: { fate: 'archived', reason: 'archived' } };
const tooMuch: Notice = { event: 'too-much-unsaved', data: { reason: 'too much' } };

/** Of somebody who may edit. */
function connectionOf(closed: number[]) {
  const connection = {
    readOnly: false,
    messageAddress: documentName,
    send: () => undefined,
    context: { session: { access: 'edit' }, socket: { close: (code: number) => closed.push(code) } },
  };
  return connection as unknown as Connection<ConnectionContext>;
}

let told: Notice[];
let closed: number[];
let editor: Connection<ConnectionContext>;
let rooms: ReadOnlyRooms;

beforeEach(async () => {
  told = [];
  closed = [];
  editor = connectionOf(closed);
  rooms = new ReadOnlyRooms({ tellOne: (_to, notice) => void told.push(notice) });
  const documents = new Map([[documentName, { getConnections: () => [editor] }]]);
  await rooms.onConfigure({ instance: { documents } as unknown as Hocuspocus, version: '' } as never);
});

const mayEdit = async () => {
  const connectionConfig = { readOnly: false, isAuthenticated: true };
  await rooms.onAuthenticate({ documentName, connectionConfig } as onAuthenticatePayload<ConnectionContext>);
  return !connectionConfig.readOnly;
};

it('stays closed until the last cause has gone, and brings editors back then', async () => {
  rooms.close(documentName, 'retirement', gone);
  rooms.close(documentName, 'backlog', tooMuch);
  expect(editor.readOnly).toBe(true);
  expect(told).toEqual([gone, tooMuch]);

  rooms.open(documentName, 'backlog');
  expect(await mayEdit()).toBe(false);
  expect(closed).toEqual([]);

  rooms.open(documentName, 'retirement');
  expect(await mayEdit()).toBe(true);
  expect(closed).toHaveLength(1);
});

it('tells whoever comes later all the causes', async () => {
  rooms.close(documentName, 'retirement', gone);
  rooms.close(documentName, 'backlog', tooMuch);
  told = [];
  const newcomer = connectionOf([]);
  await rooms.connected({ documentName, connection: newcomer } as connectedPayload<ConnectionContext>);
  expect(newcomer.readOnly).toBe(true);
  expect(told).toEqual([gone, tooMuch]);
});

it('brings nobody back when it was open', () => {
  rooms.open(documentName, 'backlog');
  expect(closed).toEqual([]);
});
