/**
 * A room of one's own, beside those of records, and which names there are.
 */
import type { Extension } from '@hocuspocus/server';
import { afterEach, expect, it } from 'vitest';
import { applyUpdate, encodeStateAsUpdate } from 'yjs';
import { type RoomType, RoomTypes } from '../../server/room-types.ts';
import type { ConnectionContext } from '../../server/session.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall | undefined;
afterEach(async () => {
  await townHall?.close();
  townHall = undefined;
});

/** Keeps consultations in a map, and says which hooks it was called for. */
function consultations() {
  const stored = new Map<string, Uint8Array>();
  const met = new Set<string>();
  const store: Extension<ConnectionContext> = {
    async onLoadDocument({ document, documentName }) {
      met.add(documentName);
      const state = stored.get(documentName);
      if (state) applyUpdate(document, state);
    },
    async onStoreDocument({ document, documentName }) {
      met.add(documentName);
      stored.set(documentName, encodeStateAsUpdate(document));
    },
  };
  const roomType: RoomType = {
    name: 'consultation',
    hasIds: true,
    accessTo: async (id) => (id === 'closed' ? 'none' : 'edit'),
    extensions: [store],
  };
  return { roomType, stored, met };
}

it('[R7] a type of room of your own loads, stores and lets in by its own rules, and nothing of a record meets it', async () => {
  const { roomType, stored, met } = consultations();
  townHall = await TownHall.open({
    roomTypes: [roomType],
    settings: { 'rooms.cleanup_timeout': 0 },
    records: (real) => ({
      ...real,
      read(recordId) {
        met.add(`record ${recordId}`);
        return real.read(recordId);
      },
    }),
  });
  const alice = await (await townHall.joinDocument('consultation:park')).synced();
  alice.document.getText('answer').insert(0, 'Benches');
  await alice.saved();
  alice.leave();
  await until('it is stored', () => stored.has('consultation:park'));

  const again = await (await townHall.joinDocument('consultation:park')).synced();
  expect(again.document.getText('answer').toString()).toBe('Benches');
  const kept = await (await townHall.joinDocument('consultation:closed')).refused();
  expect(kept).toMatch(/you may not see it/);
  const clerk = await (await townHall.join('noise-bylaw')).synced();
  clerk.type('Noise', ' again');
  await clerk.saved();
  expect([...met].sort()).toEqual(['consultation:park', 'record noise-bylaw']);
});

it.each([
  'consultation',
  'record',
  'record:',
  'spec-updates:a',
  'unknown',
  'unknown:a',
  'constructor',
  '__proto__',
])('[A5] no type has the document %j', (name) => {
  const access = async () => 'edit' as const;
  const roomTypes = new RoomTypes([
    { name: 'record', hasIds: true, accessTo: access, extensions: [] },
    { name: 'spec-updates', hasIds: false, accessTo: access, extensions: [] },
  ]);
  roomTypes.check('record:a');
  roomTypes.check('spec-updates');
  expect(() => roomTypes.check(name)).toThrow(expect.objectContaining({ code: 'invalid-document-name' }));
});
