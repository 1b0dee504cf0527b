/**
 * Hooks that throw, on the real Hocuspocus.
 */
import { afterEach, expect, it } from 'vitest';
import { guarded } from '../../extensions/guarded.ts';
import { errors } from '../../server/errors.ts';
import { RecordedLog } from '../helpers/recorded-log.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

/** A town hall with one more extension, whose hook throws. */
async function openWithHook(
  name: string,
  thrown: () => unknown,
  isBroken = () => true,
): Promise<{ calls: number }> {
  townHall = await TownHall.open({ settings: { 'rooms.cleanup_timeout': 0 } });
  const counter = { calls: 0 };
  const throwing = {
    [name]: async () => {
      counter.calls += 1;
      if (isBroken()) throw thrown();
    },
  };
  townHall.server.hocuspocus.configuration.extensions.unshift(guarded(throwing, new RecordedLog()));
  return counter;
}

it.each(['onAwarenessUpdate', 'onStateless', 'onDisconnect', 'afterUnloadDocument'])(
  '[C5] goes on when "%s" throws something that is no error',
  async (name) => {
    const counter = await openWithHook(name, () => 'not an error');
    const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
    const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
    alice.provider.sendStateless('hello');
    alice.provider.setAwarenessField('cursor', 1);
    alice.type('Noise', ' STILL HERE');
    await bob.sees('STILL HERE');
    await alice.noticed('saved');
    alice.leave();
    bob.leave();
    await until('the room is gone', () => townHall.server.hocuspocus.documents.size === 0);
    expect(await townHall.draftOf('noise-bylaw')).toContain('STILL HERE');
    expect(counter.calls).toBeGreaterThan(0);
  },
);

it.each(['onConnect', 'onAuthenticate', 'onLoadDocument', 'afterLoadDocument', 'connected'])(
  '[C4] tells the client a reason from the table when "%s" throws, and nothing of the error',
  async (name) => {
    await openWithHook(name, () => new Error('SELECT * FROM secrets in /var/lib/secret.sqlite'));
    const alice = await townHall.join('noise-bylaw');
    expect(await alice.refused()).toBe(errors['document-not-loaded'].reason);
  },
);

it('[C5] closes the socket, not the process, when a hook fails on a message, so that the client comes back', async () => {
  let isBroken = true;
  const counter = await openWithHook(
    'beforeSync',
    () => undefined,
    () => isBroken,
  );
  const alice = await townHall.join('noise-bylaw', 'alice');
  await until('the hook refused', () => counter.calls > 0);
  await until('the socket was closed', () => alice.closeCodes.includes(errors.internal.closeCode));
  expect((await fetch(`${townHall.url}/health`)).status).toBe(200);
  isBroken = false;
  await alice.synced(3_000);
});
