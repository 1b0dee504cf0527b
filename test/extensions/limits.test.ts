/**
 * How much one user, one connection and one document may take.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { errors } from '../../server/errors.ts';
import type { RoomType } from '../../server/room-types.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../server/visitor.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

describe('a user', () => {
  it('[A8] is refused one document too many, and let in when another is closed', async () => {
    townHall = await TownHall.open({ settings: { 'rate_limiting.connections_per_user': 2 } });
    const first = await (await townHall.join('noise-bylaw')).synced();
    await (await townHall.join('privacy-policy')).synced();
    const third = await townHall.join('zoning-bylaw');
    expect(await third.refused()).toBe(errors['too-many-connections'].reason);
    const other = await townHall.join('zoning-bylaw', 'bob');
    await other.synced();

    first.leave();
    await third.synced(4_000);
  });

  it('[A8] has all counted that come at the same moment', async () => {
    townHall = await TownHall.open({ settings: { 'rate_limiting.connections_per_user': 2 } });
    const token = await townHall.tokenOf('alice');
    const clerks = Array.from({ length: 8 }, () => townHall.joinWith('noise-bylaw', token));
    await until('each is in or refused', () =>
      clerks.every(({ provider, refusals }) => provider.isSynced || refusals.length > 0),
    );
    expect(clerks.filter(({ provider }) => provider.isSynced)).toHaveLength(2);
  });

  it('[A8] has no more sockets by leaving the documents on them', async () => {
    townHall = await TownHall.open({ settings: { 'rate_limiting.connections_per_user': 2 } });
    const token = await townHall.tokenOf('alice');
    for (let count = 0; count < 2; count += 1) {
      const clerk = await townHall.joinWith('noise-bylaw', token).synced();
      clerk.provider.destroy();
    }
    await until('both have left', () => (townHall.server.rooms()[0]?.connections ?? 0) === 0);
    const third = townHall.joinWith('noise-bylaw', token);
    expect(await third.refused()).toBe(errors['too-many-connections'].reason);
  });
});

it('[R5] lets no more people into a document than may be in it, until one leaves', async () => {
  townHall = await TownHall.open({ settings: { 'rate_limiting.connections_per_document': 2 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  await (await townHall.join('noise-bylaw', 'bob')).synced();
  const carol = await townHall.join('noise-bylaw', 'carol');
  expect(await carol.refused()).toBe(errors['room-full'].reason);
  await (await townHall.join('privacy-policy', 'dave')).synced();
  alice.leave();
  await carol.synced(4_000);
});

it('[G9] takes no more documents on one socket than may be on it, whatever they are called', async () => {
  townHall = await TownHall.open({ settings: { 'rate_limiting.documents_per_socket': 2 } });
  const visitor = await new Visitor(`${townHall.url}/realtime`).entered();
  const token = await townHall.tokenOf('alice');
  for (const session of ['a', 'b', 'c', 'd']) visitor.authenticate(`record:noise-bylaw\0${session}`, token);
  await until('two are in', () => townHall.server.rooms()[0]?.connections === 2);
  const reason = errors['too-many-documents'].reason;
  await until('two are refused', () => visitor.denials.filter((denial) => denial === reason).length === 2);
  expect(visitor.isOpen).toBe(true);
  visitor.ws.terminate();
});

/** Rooms of a type in which everybody waits for this before a message is taken. */
function slowRoom(beforeSync: (connection: object) => Promise<void>): RoomType {
  return {
    name: 'slow',
    hasIds: true,
    accessTo: async () => 'edit',
    extensions: [{ beforeSync: ({ connection }) => beforeSync(connection) }],
  };
}

/** What Hocuspocus was given and has not handled. */
function unhandledOf(connection: object): number {
  return (connection as { messageQueue: unknown[] }).messageQueue.length;
}

describe('a client that is fast', () => {
  it('[R3] is slowed down, and loses nothing, also when it leaves at once', async () => {
    townHall = await TownHall.open({
      settings: { 'rate_limiting.messages_per_second': 30, 'rooms.cleanup_timeout': 0 },
    });
    const alice = await (await townHall.join('noise-bylaw')).synced();
    const text = 'x'.repeat(1_500);
    alice.type('Noise', text);
    alice.leave();
    const hasAll = async () => (await townHall.draftOf('noise-bylaw'))?.includes(text);
    await until('the draft has all of them', hasAll);
  });

  const offline =
    '[R4] with an hour of offline typing, or a paste of 500 KB, is neither warned nor sent away';
  it(offline, { timeout: 150_000 }, async () => {
    townHall = await TownHall.open({ settings: { 'rooms.cleanup_timeout': 0 } });
    const alice = await (await townHall.join('noise-bylaw')).synced();
    await alice.saved();
    alice.socket.disconnect();
    await until('the room is gone', () => townHall.server.hocuspocus.documents.size === 0);
    alice.closeCodes.length = 0;
    alice.type('Noise', 'o'.repeat(50_000));
    await alice.socket.connect();
    await until(
      'all is saved',
      () => alice.provider.isSynced && alice.provider.unsyncedChanges === 0,
      50_000,
    );
    alice.replace('Noise', 'p'.repeat(500_000));
    await alice.saved();
    const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
    expect(bob.text).toBe(alice.text);
    expect(alice.text).toContain('o'.repeat(50_000));
    expect(alice.closeCodes).toEqual([]);
    expect(alice.notices.filter(({ event }) => event === 'slow-down')).toEqual([]);
  });

  it('[R3] has little handed on that has to wait for an earlier one', async () => {
    let most = 0;
    const roomType = slowRoom(async (connection) => {
      most = Math.max(most, unhandledOf(connection));
      await delay(2);
    });
    townHall = await TownHall.open({ roomTypes: [roomType] });
    const alice = await (await townHall.joinDocument('slow:one')).synced();
    const text = alice.document.getText('long');
    for (let count = 0; count < 600; count += 1) text.insert(count, 'x');
    await alice.saved();
    expect(most).toBeGreaterThan(10);
    expect(most).toBeLessThan(60);
  });

  it('[G3] is noticed to have gone also while nothing is read from it', async () => {
    const { promise: isReadOn, resolve: readOn } = Promise.withResolvers<void>();
    let isBehind = false;
    const roomType = slowRoom((connection) => {
      isBehind ||= unhandledOf(connection) > 0;
      return isBehind ? isReadOn : Promise.resolve();
    });
    const went: unknown[] = [];
    const listening = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const debug = (_: object, message: string) => message === 'a socket went' && went.push(message);
    townHall = await TownHall.open({
      roomTypes: [roomType],
      settings: { 'limits.ping_seconds': 1 },
      log: { ...listening, debug },
    });
    const visitor = await new Visitor(`${townHall.url}/realtime`).entered();
    visitor.authenticate('slow:one', await townHall.tokenOf('alice'));
    await until('she is in', () => townHall.server.rooms()[0]?.connections === 1);
    for (let count = 0; count < 50_000; count += 1) visitor.edit('slow:one', new Uint8Array(2));
    await until('it waits', () => isBehind);
    visitor.ws.terminate();
    await until('it is noticed', () => went.length === 1);
    readOn();
  });

  it('[R4] is sent away much sooner for edits that are not from offline', async () => {
    townHall = await TownHall.open({ settings: { 'rate_limiting.excess_per_hour': 5_000 } });
    const alice = await (await townHall.join('noise-bylaw')).synced();
    await alice.saved();
    alice.type('Noise', 'x'.repeat(2_500));
    await until('she is sent away', () => alice.closeCodes.includes(4013), 20_000);
  });

  it('[R4] is warned, then sent away and kept out for a while, when it goes on; others type as before', async () => {
    townHall = await TownHall.open({
      settings: { 'rate_limiting.messages_per_second': 50, 'rate_limiting.excess_per_hour': 5_000 },
    });
    const alice = await (await townHall.join('noise-bylaw')).synced();
    const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
    const document = new Y.Doc();
    const awareness = new Awareness(document);
    awareness.setLocalState({ moves: 1 });
    const update = encodeAwarenessUpdate(awareness, [document.clientID]);
    awareness.destroy();
    const flood = setInterval(() => {
      for (let count = 0; count < 20; count += 1) alice.sendRawOfType(1, update);
    }, 10);
    const reason = errors['too-many-messages'].reason;
    try {
      expect(await alice.noticed('slow-down')).toEqual({ reason });
      await until('she is sent away', () => alice.closeCodes.includes(4013));
    } finally {
      clearInterval(flood);
    }
    bob.type('Noise', ' CALM');
    await bob.saved();
    expect(await alice.refused()).toBe(reason);
  });
});
