/**
 * How many documents are open, and how long.
 */
import { afterEach, expect, it } from 'vitest';
import { errors } from '../../server/errors.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

const openDocuments = () => [...townHall.server.hocuspocus.documents.keys()];

it('[R1] keeps a document for its grace time after the last one left', async () => {
  townHall = await TownHall.open({ settings: { 'rooms.cleanup_timeout': 1 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.leave();
  await until('everybody has left', () => townHall.server.rooms()[0]?.connections === 0);
  expect(openDocuments()).toEqual(['record:noise-bylaw']);
  await until('the document is gone', () => openDocuments().length === 0);
});

it('[R1] keeps a document that somebody comes back to', async () => {
  townHall = await TownHall.open({ settings: { 'rooms.cleanup_timeout': 1 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.leave();
  await until('everybody has left', () => townHall.server.rooms()[0]?.connections === 0);
  const [before] = townHall.server.hocuspocus.documents.values();
  const again = await (await townHall.join('noise-bylaw')).synced();
  const other = await (await townHall.join('privacy-policy')).synced();
  other.leave();
  await until('the other document is gone', () => openDocuments().length === 1);
  expect(townHall.server.hocuspocus.documents.get('record:noise-bylaw')).toBe(before);
  expect(again.provider.isSynced).toBe(true);
});

it('[R2] lets the document go that was left longest ago when another one needs its place', async () => {
  townHall = await TownHall.open({ settings: { 'rooms.max_rooms': 2 } });
  for (const recordId of ['noise-bylaw', 'privacy-policy']) {
    const clerk = await (await townHall.join(recordId)).synced();
    clerk.leave();
    await until('it is left', () => townHall.server.rooms().every(({ connections }) => connections === 0));
  }
  await (await townHall.join('zoning-bylaw')).synced();
  expect(openDocuments()).toEqual(['record:privacy-policy', 'record:zoning-bylaw']);
});

it('[R2] refuses one more document when every one is in use', async () => {
  townHall = await TownHall.open({ settings: { 'rooms.max_rooms': 1 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await townHall.join('privacy-policy', 'bob');
  expect(await bob.refused()).toBe(errors['too-many-rooms'].reason);
  alice.leave();
  await bob.synced(3_000);
});

it('[R2] never lets a document go that owes something', async () => {
  townHall = await TownHall.open({ settings: { 'rooms.max_rooms': 1 } });
  const token = await townHall.tokenOf('bob');
  const alice = await (await townHall.join('noise-bylaw')).synced();
  townHall.wire.only = (method) => method === 'PUT';
  townHall.wire.mode = 'error500';
  alice.type('Noise', ' OWED');
  await alice.noticed('could-not-save');
  alice.leave();
  const bob = townHall.joinWith('privacy-policy', token);
  expect(await bob.refused()).toBe(errors['too-many-rooms'].reason);
  expect(openDocuments()).toEqual(['record:noise-bylaw']);
});
