/** Updates whose beginning never comes: not kept, not acknowledged, and nobody else's edits wait for them. */
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { until } from '../../helpers/until.ts';
import { type Attack, between } from '../attack.ts';

export const missingHistory: Attack = {
  name: 'missing-history',
  async run(site, random) {
    const recordId = `gaps-${random(1e9)}`;
    await site.addRecord(recordId, 'A record.\n');
    const name = `record:${recordId}`;
    const token = await site.tokenOf('mallory-gaps');
    const clerk = await (await site.join(recordId, 'victim')).synced();
    for (let round = 0; round < 10; round += 1) {
      const client = await site.connect().enter(name, token);
      if (!client.entered.includes(name)) break;
      client.exchange(name);
      await until('the exchange is acknowledged', () => client.acknowledged > 0 || client.isOver);
      const before = client.acknowledged;
      const document = new Y.Doc();
      const text = new Y.XmlText();
      document.getXmlFragment('default').insert(0, [text]);
      text.insert(0, 'the beginning');
      const vector = Y.encodeStateVector(document);
      text.insert(text.length, 'x'.repeat(between(random, 1, 500_000)));
      const gap = Y.encodeStateAsUpdate(document, vector);
      for (let count = between(random, 1, 30); count > 0; count -= 1) client.sync(name, 1 + random(2), gap);
      await until('it is sent away', () => client.isOver || client.denials.length > 0);
      if (client.acknowledged > before) throw new Error('an edit without its beginning was acknowledged');
      client.end();
      await delay(10);
    }
    clerk.type('record', ' GENUINE');
    await clerk.saved();
  },
};
