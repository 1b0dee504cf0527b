import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { ClientOwners, DocumentOwners } from '../../server/client-owners.ts';

function updateIn(...clientIds: number[]): Uint8Array {
  return Y.mergeUpdates(
    clientIds.map((clientId) => {
      const document = new Y.Doc();
      document.clientID = clientId;
      document.getText('x').insert(0, 'x');
      return Y.encodeStateAsUpdate(document);
    }),
  );
}

it('[L10] gives a client to whoever comes first, in each document', () => {
  const owners = new ClientOwners();
  expect(owners.of('record:a').claim(1, 'alice')).toBe(true);
  expect(owners.of('record:a').claim(1, 'alice')).toBe(true);
  expect(owners.of('record:a').claim(1, 'bob')).toBe(false);
  expect(owners.of('record:b').claim(1, 'bob')).toBe(true);
  owners.forget('record:a');
  expect(owners.of('record:a').ownerOf(1)).toBeUndefined();
});

it('[L10] lets no user push out the clients of another, however many they use', () => {
  const owners = new DocumentOwners();
  owners.claim(1, 'alice');
  for (let clientId = 1_000; clientId < 11_000; clientId += 1) owners.claim(clientId, 'mallory');
  expect(owners.ownerOf(1)).toBe('alice');
  expect(owners.ownerOf(1_000)).toBeUndefined();
  expect(owners.ownerOf(10_999)).toBe('mallory');
});

it('[L10] learns from stored edits whose they are, and nothing from what was carried for others', () => {
  const owners = new DocumentOwners();
  owners.learn(updateIn(1), { id: 'alice' });
  owners.learn(updateIn(1), { id: 'bob' });
  owners.learn(updateIn(2, 3), { id: 'bob' });
  owners.learn(updateIn(4), null);
  expect([1, 2, 3].map((clientId) => owners.ownerOf(clientId))).toEqual(['alice', undefined, undefined]);
  expect(owners.claim(4, 'bob')).toBe(false);
});

it('[L10] stores the newest, and is the same when it is read again', () => {
  const owners = new DocumentOwners();
  for (let clientId = 0; clientId < 600; clientId += 1) owners.claim(clientId, `user ${clientId % 10}`);
  const again = new DocumentOwners();
  again.restore(JSON.parse(JSON.stringify(owners.stored())));
  expect(again.ownerOf(599)).toBe('user 9');
  expect(again.stored()).toEqual(owners.stored());
  expect(owners.stored()).toHaveLength(256);
});
