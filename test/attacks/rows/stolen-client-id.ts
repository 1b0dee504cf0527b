/** Somebody writes as a Yjs client that belongs to another: before or behind what that one typed. */
import * as Y from 'yjs';
import { until } from '../../helpers/until.ts';
import { type Attack, oneOf } from '../attack.ts';

export const stolenClientId: Attack = {
  name: 'stolen-client-id',
  async run(site, random) {
    const recordId = `stolen-${random(1e9)}`;
    await site.addRecord(recordId, 'A record.\n');
    const name = `record:${recordId}`;
    const victim = await (await site.join(recordId, 'victim')).synced();
    victim.type('record', ' MINE');
    await victim.saved();
    const mallory = await site.connect().enter(name, await site.tokenOf('mallory-forges'));
    mallory.exchange(name);
    await until('the exchange is acknowledged', () => mallory.acknowledged > 0);
    const before = mallory.acknowledged;

    const forged = new Y.Doc();
    Y.applyUpdate(forged, Y.encodeStateAsUpdate(victim.document));
    forged.clientID = victim.document.clientID;
    const kind = oneOf(random, ['next', 'same', 'exchange'] as const);
    const vector = Y.encodeStateVector(forged);
    if (kind === 'same') {
      const other = new Y.Doc();
      other.clientID = victim.document.clientID;
      other
        .getXmlFragment('default')
        .insert(0, [new Y.XmlText('FORGED and longer than what the victim typed')]);
      mallory.edit(name, Y.encodeStateAsUpdate(other));
    } else {
      forged.getXmlFragment('default').insert(0, [new Y.XmlText('FORGED')]);
      mallory.sync(name, kind === 'next' ? 2 : 1, Y.encodeStateAsUpdate(forged, vector));
    }
    await until('it is refused', () => mallory.denials.length > 0 || mallory.isOver);
    victim.type('record', ' AGAIN');
    await victim.saved();
    const reader = await (await site.join(recordId, 'reader')).synced();
    if (mallory.acknowledged > before) throw new Error('what was forged was acknowledged');
    for (const text of [victim.text, reader.text]) {
      if (text.includes('FORGED')) throw new Error(`somebody sees "${text}"`);
      if (!text.includes('AGAIN') || !text.includes('MINE'))
        throw new Error(`the victim's words are gone: "${text}"`);
    }
  },
};
