/**
 * Limits and revocations that count at all nodes, each a whole server, on one Redis.
 */
import { afterEach, expect, it } from 'vitest';
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import { Doc } from 'yjs';
import { errors } from '../../server/errors.ts';
import type { Clerk } from '../helpers/clerk.ts';
import { ClusterTown, type TownNode } from '../helpers/cluster-town.ts';
import { until } from '../helpers/until.ts';

let town: ClusterTown;
afterEach(() => town.close());

async function opened(settings: Readonly<Record<string, number>>): Promise<readonly [TownNode, TownNode]> {
  town = await ClusterTown.open({ settings });
  return town.nodes as [TownNode, TownNode];
}

/** Who is in keeps trying to be in two places: so many of them are. */
const isIn = ({ provider }: Clerk) => provider.isSynced;
const tooMany = errors['too-many-connections'].reason;

it('[K12] counts the sockets and documents of a user at all nodes, and forgets those of a dead one', async () => {
  const [, other] = await opened({ 'rate_limiting.connections_per_user': 2 });
  const first = await (await town.join(0)).synced();
  await (await town.join(1)).synced();
  const third = await town.join(0, 'privacy-policy');
  expect(await third.refused()).toBe(tooMany);
  expect(await (await town.join(1, 'zoning-bylaw')).refused()).toBe(tooMany);
  // A document fewer at one node is one more at the other.
  first.leave();
  await until('one of those who wait is in', () => isIn(third));

  // What nobody hears of any more is counted no more.
  const bob = await (await town.join(1, 'noise-bylaw', 'bob')).synced();
  await (await town.join(1, 'privacy-policy', 'bob')).synced();
  const here = await town.join(0, 'noise-bylaw', 'bob');
  expect(await here.refused()).toBe(tooMany);
  other.line.mode = 'silent';
  await here.synced();

  // Without Redis each node counts by itself; with it, all are counted again.
  expect(await (await town.join(1, 'noise-bylaw', 'bob')).refused()).toBe(tooMany);
  expect(bob.provider.isSynced).toBe(true);
  other.line.mode = 'pass';
  const counted = `{town}:here:${other.redis.bus.nodeId}`;
  await until('alice and bob are counted', async () => {
    const keys = await town.redis.client.hkeys(counted);
    return keys.filter((key) => key.startsWith('documents')).length === 2;
  });
  expect(await (await town.join(0, 'zoning-bylaw', 'bob')).refused()).toBe(tooMany);
});

it('[K12] counts the sockets from an address at all nodes', async () => {
  await opened({ 'rate_limiting.connections_per_ip': 2 });
  const first = await (await town.join(0)).synced();
  await (await town.join(1, 'noise-bylaw', 'bob')).synced();
  const third = await town.join(1, 'noise-bylaw', 'carol');
  await until('it is refused', () => third.closeCodes.includes(4029));
  first.leave();
  await third.synced();
});

it('[K12] keeps who sends far too much out of every node', async () => {
  await opened({ 'rate_limiting.messages_per_second': 50, 'rate_limiting.excess_per_hour': 5_000 });
  const alice = await (await town.join(0)).synced();
  const awareness = new Awareness(new Doc());
  awareness.setLocalState({ moves: 1 });
  const update = encodeAwarenessUpdate(awareness, [awareness.clientID]);
  awareness.destroy();
  const flood = setInterval(() => {
    for (let count = 0; count < 20; count += 1) alice.sendRawOfType(1, update);
  }, 10);
  await until('she is sent away', () => alice.closeCodes.includes(4013)).finally(() => clearInterval(flood));
  expect(await (await town.join(1)).refused()).toBe(errors['too-many-messages'].reason);
  await (await town.join(1, 'noise-bylaw', 'bob')).synced();
});

it('[K13] follows a revocation at every node within a second, and tells no token', async () => {
  const [here] = await opened({ 'auth.recheck_seconds': 3600 });
  const [alice, bob] = [await town.join(1), await town.join(1, 'noise-bylaw', 'bob')];
  await Promise.all([alice.synced(), bob.synced()]);
  town.civicpress.setRole('alice', 'public');
  let revokedAt = performance.now();
  expect(await here.server.revoke({ recordId: 'noise-bylaw' })).toMatchObject({ checked: 0 });
  expect(await alice.noticed('rights-changed')).toMatchObject({ access: 'read' });
  const aliceMs = performance.now() - revokedAt;

  town.civicpress.revokeSessions('bob');
  const token = String(bob.provider.configuration.token);
  revokedAt = performance.now();
  await here.server.revoke({ token });
  await until('his socket is closed', () => bob.closeCodes.includes(4001));
  const bobMs = performance.now() - revokedAt;
  expect(Math.max(aliceMs, bobMs), `${aliceMs} ms, ${bobMs} ms`).toBeLessThan(1_000);
  expect(alice.closeCodes).toEqual([]);
  const kept = await town.redis.client.xrange('{town}:board:revocations', '-', '+');
  expect(kept).toHaveLength(2);
  expect(JSON.stringify(kept)).not.toContain(token);
});

it('[K13] follows a revocation that was made while a node was cut off, whichever it was', async () => {
  const [here, there] = await opened({ 'auth.recheck_seconds': 3600 });
  const [alice, bob] = [await town.join(1), await town.join(1, 'noise-bylaw', 'bob')];
  await Promise.all([alice.synced(), bob.synced()]);
  there.line.mode = 'silent';
  town.civicpress.revokeSessions('alice');
  await here.server.revoke({ token: String(alice.provider.configuration.token) });
  expect(alice.closeCodes).toEqual([]);
  there.line.mode = 'cut';
  there.line.mode = 'pass';
  await until('her socket is closed', () => alice.closeCodes.includes(4001));

  here.line.mode = 'cut';
  town.civicpress.revokeSessions('bob');
  await until('it is noticed', () => !here.redis.isReady());
  await here.server.revoke({ token: String(bob.provider.configuration.token) });
  expect(bob.closeCodes).toEqual([]);
  here.line.mode = 'pass';
  await until('his socket is closed', () => bob.closeCodes.includes(4001));
});
