/** As many messages as the line takes, of one kind or of all, from one socket or several: whoever goes on is sent away. */
import { setTimeout as delay } from 'node:timers/promises';
import { writeVarString } from 'lib0/encoding';
import * as Y from 'yjs';
import { until } from '../../helpers/until.ts';
import { type Attack, between, oneOf } from '../attack.ts';
import { types } from '../raw-client.ts';

const floodMs = 15_000;

export const messageFlood: Attack = {
  name: 'message-flood',
  async run(site, random) {
    const recordId = `flood-${random(1e9)}`;
    await site.addRecord(recordId, 'A record.\n');
    const name = `record:${recordId}`;
    const kind = oneOf(random, ['edits', 'stateless', 'mixed'] as const);
    const username = `mallory-floods-${random(1e9)}`;
    const token = await site.tokenOf(username);
    const clients = await Promise.all(
      Array.from({ length: between(random, 1, 5) }, () => site.connect().enter(name, token)),
    );
    const documents = clients.map(() => new Y.Doc());
    for (const [index, client] of clients.entries()) {
      client.exchange(name);
      documents[index]?.on('update', (update: Uint8Array) => client.edit(name, update));
    }
    const words = 'x'.repeat(50);
    const deadline = performance.now() + floodMs;
    while (clients.some(({ isOpen }) => isOpen) && performance.now() < deadline) {
      for (const [index, client] of clients.entries()) {
        if (client.ws.bufferedAmount > 1_000_000) continue;
        for (let count = 0; count < 300; count += 1) {
          const isEdit = kind === 'edits' || (kind === 'mixed' && random(2) === 0);
          if (isEdit) documents[index]?.getText('flood').insert(0, 'x');
          else client.send(name, types.stateless, (encoder) => writeVarString(encoder, words));
        }
      }
      await delay(10);
    }
    // Edits may come in such numbers, behind an offline hour; they wait their turn.
    if (kind === 'edits') return;
    await until('all of them are sent away', () => clients.every(({ isOver }) => isOver));
    if (!clients.some(({ closed }) => closed?.code === 4013)) {
      throw new Error(`they were closed with ${clients.map(({ closed }) => closed?.code).join()}`);
    }
    const again = await site.connect().enter(name, token);
    if (again.entered.length > 0) throw new Error('who was sent away is in again at once');
  },
};
