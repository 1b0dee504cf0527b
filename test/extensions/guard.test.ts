/**
 * Updates that must not be taken.
 */
import { afterEach, expect, it } from 'vitest';
import { messageYjsUpdate } from 'y-protocols/sync';
import { errors } from '../../server/errors.ts';
import { flakySnapshots } from '../helpers/flaky-snapshots.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

it('[L5] refuses an editor that holds a document which grew from another text, and doubles nothing', async () => {
  townHall = await TownHall.open({ settings: { 'rooms.cleanup_timeout': 0 } });
  await townHall.createDraftOnly('plan', '# Plan\n\nThe first text.\n');
  const alice = await (await townHall.join('plan')).synced();
  alice.socket.disconnect();
  await until('the room is gone', () => townHall.server.hocuspocus.documents.size === 0);
  await townHall.putDraft('plan', '# Plan\n\nThe second text.\n');

  const bob = await (await townHall.join('plan', 'bob')).synced();
  await alice.socket.connect();
  expect(await alice.refused()).toBe(errors['document-replaced'].reason);
  expect(bob.text).toBe('PlanThe second text.');
  bob.type('second', ' and last');
  await bob.noticed('saved');
  expect(await townHall.draftOf('plan')).toBe('# Plan\n\nThe second and last text.\n');
});

it('[L3] lets an editor in that holds the same text from before', async () => {
  townHall = await TownHall.open({ settings: { 'rooms.cleanup_timeout': 0 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const { text } = alice;
  alice.socket.disconnect();
  await until('the room is gone', () => townHall.server.hocuspocus.documents.size === 0);
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  await alice.socket.connect();
  await alice.synced();
  bob.type('Noise', ' TOGETHER');
  await alice.sees('TOGETHER');
  expect(bob.text).toBe(text.replace('Noise', 'Noise TOGETHER'));
});

it('[L6] refuses an update that cannot be read, and does not acknowledge it', async () => {
  const flaky = flakySnapshots();
  townHall = await TownHall.open({ snapshots: flaky.snapshots });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  const { text } = bob;
  alice.sendRaw(messageYjsUpdate, Uint8Array.from([1, 255, 255, 255, 3]));
  expect(await alice.refused()).toBe(errors['invalid-update'].reason);
  bob.type('Noise', ' UNHARMED');
  await bob.saved();
  expect(bob.text).toBe(text.replace('Noise', 'Noise UNHARMED'));
});
