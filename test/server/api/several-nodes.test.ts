/**
 * An administrator at one node, people at others.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ClusterTown } from '../../helpers/cluster-town.ts';
import { Operator } from '../../helpers/operator.ts';
import { until } from '../../helpers/until.ts';

const adminToken = 'a-token-of-the-tests-long-enough';
const room = 'record:noise-bylaw';

let town: ClusterTown;
beforeEach(async () => {
  town = await ClusterTown.open({ settings: { 'admin.token': adminToken } });
});
afterEach(() => town.close());

it('[T9] sees and changes the rooms of all nodes at any, and a node that comes later knows', async () => {
  const alice = await (await town.join(0)).synced();
  const bob = await (await town.join(1, 'noise-bylaw', 'bob')).synced();
  const carol = await (await town.join(1, 'privacy-policy', 'carol')).synced();
  const operator = new Operator(town.nodes[0]?.url ?? '', adminToken);
  const nodeIds = town.nodes.map(({ redis }) => redis.bus.nodeId);
  const rooms = await until('both nodes are seen', async () => {
    const { body } = await operator.get('rooms');
    return (body.rooms as unknown[]).length === 2 ? body.rooms : null;
  });
  expect(rooms).toMatchObject([
    { documentName: room, connections: 2, people: ['alice', 'bob'], nodes: nodeIds },
    { documentName: 'record:privacy-policy', people: ['carol'], nodes: [nodeIds[1]] },
  ]);

  await operator.put(`rooms/${room}/read-only`, { isReadOnly: true });
  await Promise.all([alice.noticed('room-read-only'), bob.noticed('room-read-only')]);
  const late = await town.addNode();
  await until('the new node knows', async () => {
    const { body } = await new Operator(late.url, adminToken).get('rooms');
    const seen = body.rooms as { documentName: string; isReadOnly: boolean }[];
    return seen.some(({ documentName, isReadOnly }) => documentName === room && isReadOnly);
  });
  bob.type('Noise', ' (bob)');
  await operator.put(`rooms/${room}/read-only`, { isReadOnly: false });
  await alice.sees('(bob)');

  const { clients } = (await operator.get('clients')).body as { clients: { name: string; socket: string }[] };
  const socket = clients.find(({ name }) => name === 'carol')?.socket;
  expect((await operator.post(`clients/${socket}/disconnect`)).status).toBe(200);
  await until('carol is told', () => carol.closeCodes.length === 1);
  expect((await operator.post(`rooms/${room}/close`)).status).toBe(200);
  await until('everybody is told', () => [alice, bob].every(({ closeCodes }) => closeCodes.length > 0));
});
