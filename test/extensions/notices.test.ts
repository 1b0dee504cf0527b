/**
 * What the room hears.
 */
import type { afterUnloadDocumentPayload, connectedPayload, Hocuspocus } from '@hocuspocus/server';
import { afterEach, expect, it } from 'vitest';
import { Notices } from '../../extensions/notices.ts';
import { Sources } from '../../extensions/sources.ts';
import type { Base } from '../../markdown/index.ts';
import { errors } from '../../server/errors.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall | undefined;
afterEach(async () => {
  await townHall?.close();
  townHall = undefined;
});

it('[N1] tells everybody when the text is in the draft', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  alice.type('Noise', ' x');
  const saved = { at: expect.any(Number), version: expect.any(String), by: ['alice'] };
  expect(await bob.noticed('saved')).toEqual(saved);
  expect(await townHall.draftOf('noise-bylaw')).toContain('Noise x');
});

it('[N1] tells who comes later of trouble that lasts, and when it is over', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
  townHall.wire.only = (method) => method === 'PUT';
  townHall.wire.mode = 'error500';
  alice.type('Noise', ' x');
  await alice.noticed('could-not-save');

  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  expect(await bob.noticed('could-not-save')).toMatchObject({
    layer: 'writeback',
    reason: errors['civicpress-unavailable'].reason,
  });
  townHall.wire.mode = 'pass';
  await bob.noticed('saved-again');
});

it('[N1] tells of trouble once, however often saving is tried again, and anew when there is another reason', async () => {
  townHall = await TownHall.open();
  const { wire, civicpress } = townHall;
  const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
  const reasons = () =>
    alice.notices.flatMap(({ event, data }) => (event === 'could-not-save' ? [data.reason] : []));
  const triedAgain = async () => {
    wire.requests.length = 0;
    const tries = () => wire.requests.filter(({ method }) => method === 'PUT').length;
    await until('the draft is tried four times', () => tries() >= 4);
  };
  wire.only = (method) => method === 'PUT';
  wire.mode = 'error500';
  alice.type('Noise', ' x');
  await triedAgain();
  expect(reasons()).toEqual([errors['civicpress-unavailable'].reason]);

  civicpress.setRole('realtime', 'public');
  wire.mode = 'pass';
  await triedAgain();
  const both = [errors['civicpress-unavailable'].reason, errors['service-refused'].reason];
  expect(reasons()).toEqual(both);
  civicpress.setRole('realtime', 'clerk');
  await alice.noticed('saved-again');
  expect(reasons()).toEqual(both);
});

it('[N1] tells nobody who comes later of trouble that another node had when the room was open before', async () => {
  const sources = new Sources();
  sources.seeded('record:x', { markdown: '' } as Base, new Uint8Array());
  const notices = new Notices(sources, { emit: () => undefined });
  const told: string[] = [];
  const room = { broadcastStateless: (payload: string) => told.push(payload) };
  const instance = { documents: new Map([['record:x', room]]) } as unknown as Hocuspocus;
  const trouble = { since: 0, layer: 'writeback', reason: 'x' } as const;
  notices.passOn(instance, 'record:x', { event: 'could-not-save', data: trouble });
  notices.passOn(instance, 'record:x', { event: 'could-not-save', data: trouble });
  expect(told).toHaveLength(1);

  const documentName = 'record:x';
  const connection = { sendStateless: (payload: string) => told.push(payload) };
  await notices.connected({ documentName, connection } as unknown as connectedPayload);
  expect(told).toHaveLength(2);
  await notices.afterUnloadDocument({ documentName } as afterUnloadDocumentPayload);
  await notices.connected({ documentName, connection } as unknown as connectedPayload);
  expect(told).toHaveLength(2);
});
