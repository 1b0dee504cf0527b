/** Updates that are too large, alone or together: neither taken nor acknowledged. */
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { until } from '../../helpers/until.ts';
import { type Attack, between, oneOf } from '../attack.ts';

export const hugeUpdates: Attack = {
  name: 'huge-updates',
  async run(site, random) {
    const recordId = `huge-${random(1e9)}`;
    await site.addRecord(recordId, 'A record.\n');
    const name = `record:${recordId}`;
    const isOneFrame = oneOf(random, [true, false]);
    const bytes = isOneFrame ? between(random, 4_300_000, 60_000_000) : between(random, 1_000_000, 3_900_000);
    const client = await site.connect().enter(name, await site.tokenOf('mallory-large'));
    client.exchange(name);
    await until('the exchange is acknowledged', () => client.acknowledged > 0);
    const before = client.acknowledged;
    const document = new Y.Doc();
    let sent = 0;
    for (let round = 0; round < 15 && client.isOpen && client.denials.length === 0; round += 1) {
      const vector = Y.encodeStateVector(document);
      const text = new Y.XmlText();
      document.getXmlFragment('default').insert(0, [text]);
      text.insert(0, 'x'.repeat(bytes));
      client.edit(name, Y.encodeStateAsUpdate(document, vector));
      sent += bytes;
      await delay(150);
    }
    await until('it is refused', () => client.isOver || client.denials.length > 0).catch((error) => {
      throw new Error(`${error.message}: ${sent} bytes sent, ${client.fate}`);
    });
    if ((client.acknowledged - before) * bytes > 10_485_760)
      throw new Error(`of ${sent} bytes too many were taken`);
    if (isOneFrame && client.closed?.code !== 1009) throw new Error(`closed with ${client.closed?.code}`);
  },
};
