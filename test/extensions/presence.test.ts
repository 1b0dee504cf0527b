/**
 * Who is here: names, cursors, and who may say so.
 */
import { createEncoder, toUint8Array, writeVarString, writeVarUint, writeVarUint8Array } from 'lib0/encoding';
import { afterEach, expect, it } from 'vitest';
import type { Awareness } from 'y-protocols/awareness';
import type { Clerk } from '../helpers/clerk.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

const awarenessOf = (clerk: Clerk) => clerk.provider.awareness as Awareness;
const idOf = (clerk: Clerk) => clerk.document.clientID;

/** What one clerk sees of another; `undefined` when nothing. */
function seen(by: Clerk, of: Clerk | number): Record<string, unknown> | undefined {
  return awarenessOf(by)
    .getStates()
    .get(typeof of === 'number' ? of : idOf(of));
}

const sees = (by: Clerk, of: Clerk) => until('they see each other', () => seen(by, of));
const misses = (by: Clerk, of: Clerk) => until('one is gone', () => !seen(by, of));
const seesCursor = (by: Clerk, of: Clerk, cursor: unknown) =>
  until(`the cursor is at ${cursor}`, () => seen(by, of)?.cursor === cursor);

/** Every place at which one clerk sees another from now on; `gone` when nowhere. */
function placesSeen(by: Clerk, of: Clerk): unknown[] {
  const places: unknown[] = [];
  awarenessOf(by).on('change', () => {
    const state = seen(by, of);
    const place = state ? state.cursor : 'gone';
    if (places.at(-1) !== place) places.push(place);
  });
  return places;
}

function move(clerk: Clerk, cursor: unknown): void {
  awarenessOf(clerk).setLocalStateField('cursor', cursor);
}

interface Said {
  clientId: number;
  clock: number;
  state: unknown;
}

/** Says something as no provider would. */
function say(clerk: Clerk, ...all: Said[]): void {
  const update = createEncoder();
  writeVarUint(update, all.length);
  for (const { clientId, clock, state } of all) {
    writeVarUint(update, clientId);
    writeVarUint(update, clock);
    writeVarString(update, typeof state === 'string' ? state : JSON.stringify(state));
  }
  sayBytes(clerk, toUint8Array(update));
}

function sayBytes(clerk: Clerk, update: Uint8Array): void {
  const frame = createEncoder();
  writeVarString(frame, clerk.provider.configuration.name);
  writeVarUint(frame, 1);
  writeVarUint8Array(frame, update);
  clerk.socket.webSocket?.send(toUint8Array(frame));
}

async function aliceAndBob(settings: Record<string, string | number> = {}): Promise<[Clerk, Clerk]> {
  townHall = await TownHall.open({ settings });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  await sees(alice, bob);
  await sees(bob, alice);
  return [alice, bob];
}

it('[Q1] shows everybody by the name that CivicPress knows them by, whatever their page says', async () => {
  const [alice, bob] = await aliceAndBob();
  const paul = await (await townHall.join('noise-bylaw', 'paul', 'public')).synced();
  awarenessOf(alice).setLocalStateField('user', { id: 'x', name: 'The Mayor', color: 'red', badge: 1 });
  awarenessOf(paul).setLocalStateField('user', { name: 'The Mayor' });
  move(alice, 'here');
  move(paul, 'there');
  await seesCursor(bob, alice, 'here');
  await seesCursor(bob, paul, 'there');
  const shown = seen(bob, alice)?.user as Record<string, string>;
  expect(shown.name).toBe('alice');
  expect(Object.keys(shown).sort()).toEqual(['color', 'id', 'name']);
  expect(shown.color).toMatch(/^#[0-9a-f]{6}$/);
  expect(seen(bob, paul)?.user).toMatchObject({ name: 'paul' });

  const otherWindow = await (await townHall.join('noise-bylaw')).synced();
  move(otherWindow, 'elsewhere');
  await seesCursor(bob, otherWindow, 'elsewhere');
  expect(seen(bob, otherWindow)?.user).toEqual(shown);
});

it('[Q2] drops what somebody says of somebody else, and passes the rest on', async () => {
  const [alice, bob] = await aliceAndBob();
  const carol = await (await townHall.join('noise-bylaw', 'carol')).synced();
  move(alice, 'mine');
  await seesCursor(carol, alice, 'mine');
  const places = placesSeen(carol, alice);
  const forged = { clientId: idOf(alice), clock: 1_000, state: { cursor: 'forged' } };
  say(bob, forged);
  say(bob, { ...forged, clock: 2_000, state: null });
  say(bob, forged, { clientId: idOf(bob), clock: 50, state: { cursor: 'own' } });
  await seesCursor(carol, bob, 'own');
  move(alice, 'moved');
  await seesCursor(carol, alice, 'moved');
  expect(places).toEqual(['mine', 'moved']);
  expect(awarenessOf(alice).getLocalState()?.cursor).toBe('moved');
  expect(bob.closeCodes).toEqual([]);
});

it('[Q2] knows whose a client was when they are away for a moment', async () => {
  const [alice, bob] = await aliceAndBob();
  alice.socket.disconnect();
  await until('alice is offline', () => alice.socket.status === 'disconnected');
  await misses(bob, alice);
  const carol = await (await townHall.join('noise-bylaw', 'carol')).synced();
  const places = placesSeen(carol, alice);
  say(bob, { clientId: idOf(alice), clock: 1_000, state: { cursor: 'forged' } });
  move(bob, 'own');
  await seesCursor(carol, bob, 'own');
  await alice.socket.connect();
  await alice.synced();
  move(alice, 'back');
  await seesCursor(carol, alice, 'back');
  expect(places).not.toContain('forged');
});

it('[Q2] closes a socket that goes on', async () => {
  const [alice, bob] = await aliceAndBob();
  for (let clock = 1_000; clock < 1_120; clock += 1) {
    say(bob, { clientId: idOf(alice), clock, state: { cursor: 'forged' } });
  }
  await until('the socket is closed', () => bob.closeCodes.includes(4003));
});

it('[Q2] brings in no crowd: neither with many states nor with many clients', async () => {
  const [alice, bob] = await aliceAndBob();
  const ghosts = Array.from({ length: 1_900 }, (_, index) => ({
    clientId: 1_000 + index,
    clock: 1,
    state: {},
  }));
  say(bob, ...ghosts);
  const endless = createEncoder();
  writeVarUint(endless, 300_000);
  sayBytes(bob, toUint8Array(endless));
  sayBytes(bob, Uint8Array.of(1, 255, 255));
  for (const { clientId } of ghosts.slice(100, 160)) {
    say(bob, { clientId, clock: 1, state: {} }, { clientId, clock: 2, state: null });
  }
  move(bob, 'still here');
  await seesCursor(alice, bob, 'still here');
  expect(awarenessOf(alice).getStates().size).toBeLessThanOrEqual(2 + 2);
});

it('[Q3] takes away at once who leaves, hides, or crashes, and shows who comes back', async () => {
  const [alice, bob] = await aliceAndBob();
  awarenessOf(alice).setLocalState(null);
  await until('alice hides', () => !seen(bob, alice), 2_000);
  awarenessOf(alice).setLocalState({ cursor: 'back' });
  await seesCursor(bob, alice, 'back');

  for (let round = 0; round < 3; round += 1) {
    // No farewell: what a crash of the tab looks like.
    (alice.socket.webSocket as unknown as { terminate(): void }).terminate();
    await until('alice is gone', () => !seen(bob, alice), 2_000);
    await until('alice is back', () => seen(bob, alice)?.cursor === 'back');
  }
  alice.leave();
  await until('alice has left', () => !seen(bob, alice), 2_000);
});

it('[Q3] shows a window that comes back before the server has missed it', async () => {
  const [alice, bob] = await aliceAndBob();
  move(alice, 'first');
  await seesCursor(bob, alice, 'first');
  // The same client of the same user on another socket: the first one is half open.
  const again = await (await townHall.join('noise-bylaw')).synced();
  say(again, { clientId: idOf(alice), clock: 1, state: { cursor: 'second' } });
  await seesCursor(bob, alice, 'second');
  alice.leave();
  say(again, { clientId: idOf(alice), clock: 2, state: { cursor: 'third' } });
  await seesCursor(bob, alice, 'third');
});

it('[Q4] sends the newest of what moved, at most so many times a second', async () => {
  const [alice, bob] = await aliceAndBob({ 'presence.updates_per_second': 5 });
  let heard = 0;
  awarenessOf(bob).on('update', ({ updated }: { updated: number[] }) => {
    if (updated.includes(idOf(alice))) heard += 1;
  });
  const startedAt = performance.now();
  for (let cursor = 1; cursor <= 100; cursor += 1) {
    move(alice, cursor);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await seesCursor(bob, alice, 100);
  const windows = (performance.now() - startedAt) / 200;
  expect(heard).toBeLessThanOrEqual(windows + 2);
  expect(heard).toBeGreaterThan(1);
  expect(awarenessOf(alice).getLocalState()?.cursor).toBe(100);
});

it('[Q5] does not pass on what is too large, too deep or no state, and says so', async () => {
  const [alice, bob] = await aliceAndBob();
  move(alice, 'before');
  await seesCursor(bob, alice, 'before');
  awarenessOf(alice).setLocalStateField('note', 'x'.repeat(5_000));
  expect(await alice.noticed('presence-too-large')).toMatchObject({ most: 4_096 });
  const { clock } = awarenessOf(alice).meta.get(idOf(alice)) as { clock: number };
  const deep = `{"note":"]]]]]]]]]]","deep":${'['.repeat(500)}${']'.repeat(500)}}`;
  for (const [index, state] of ['[1]', '7', '"x"', '{"a":', deep].entries()) {
    say(alice, { clientId: idOf(alice), clock: clock + 1 + index, state });
  }
  const state = '{"cursor":"after","idle":true,"__proto__":{"isAdmin":true}}';
  say(alice, { clientId: idOf(alice), clock: clock + 10, state });
  await seesCursor(bob, alice, 'after');
  expect(Object.keys(seen(bob, alice) ?? {}).sort()).toEqual(['cursor', 'user']);
  expect(alice.closeCodes).toEqual([]);
});

it('[Q6] shows who idles, until they move or type', async () => {
  const [alice, bob] = await aliceAndBob({ 'presence.idle_seconds': 1 });
  await until('alice idles', () => seen(bob, alice)?.idle === true);
  move(alice, 'awake');
  await seesCursor(bob, alice, 'awake');
  expect(seen(bob, alice)).not.toHaveProperty('idle');
  await until('alice idles again', () => seen(bob, alice)?.idle === true);
  alice.type('Noise', '!');
  await until('alice is awake', () => seen(bob, alice)?.idle === undefined);
  expect(seen(bob, alice)?.cursor).toBe('awake');
});

it('[Q7] shows a newcomer everybody who is there, and the server as well', async () => {
  const [alice, bob] = await aliceAndBob();
  move(alice, 'a');
  move(bob, 'b');
  await seesCursor(bob, alice, 'a');
  const carol = await (await townHall.join('noise-bylaw', 'carol')).synced();
  await seesCursor(carol, alice, 'a');
  await seesCursor(carol, bob, 'b');
  const states = townHall.server.hocuspocus.documents.get('record:noise-bylaw')?.awareness.getStates();
  expect(states?.get(idOf(alice))).toEqual(seen(bob, alice));
});

it('[Q7] takes nothing from somebody who is not let in', async () => {
  const [alice] = await aliceAndBob();
  const stranger = townHall.joinWith('noise-bylaw', 'no token of CivicPress');
  await stranger.refused();
  move(stranger, 'inside');
  say(stranger, { clientId: 77, clock: 5, state: { cursor: 'inside' } });
  const carol = await (await townHall.join('noise-bylaw', 'carol')).synced();
  await sees(alice, carol);
  expect(awarenessOf(alice).getStates().size).toBe(3);
});

it('[Q2] outlives states that are cut off, and lies about how long they are', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  for (const rest of [[], [0], [5], [5, 1], [0xff, 0xff, 0x03, 1, 1, 1]]) {
    const encoder = createEncoder();
    writeVarString(encoder, 'record:noise-bylaw');
    writeVarUint(encoder, 1);
    bob.socket.webSocket?.send(Uint8Array.of(...toUint8Array(encoder), ...rest));
  }
  bob.type('Noise', ' STILL');
  await alice.sees('STILL');
});
