/** One reads nothing while another, who may, writes much. */
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { type Attack, between } from '../attack.ts';

export const stalledReader: Attack = {
  name: 'stalled-reader',
  async run(site, random) {
    const recordId = `stalled-${random(1e9)}`;
    await site.addRecord(recordId, 'A record.\n');
    const name = `record:${recordId}`;
    const writer = await site.connect().enter(name, await site.tokenOf('mallory-writes'));
    writer.exchange(name);
    const token = await site.tokenOf('mallory-stalls');
    const readers = await Promise.all(Array.from({ length: 9 }, () => site.connect().enter(name, token)));
    for (const reader of readers) reader.stream.pause();
    const document = new Y.Doc();
    const text = new Y.XmlText();
    document.getXmlFragment('default').insert(0, [text]);
    writer.edit(name, Y.encodeStateAsUpdate(document));
    const bytes = between(random, 200_000, 1_000_000);
    document.on('update', (update: Uint8Array) => writer.edit(name, update));
    for (let round = 0; round < 40; round += 1) {
      text.insert(0, 'x'.repeat(bytes));
      text.delete(0, bytes);
      await delay(50);
    }
  },
};
