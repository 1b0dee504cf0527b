/** Somebody writes into the document of specs, which is for reading: as an edit, as an answer, with a session in the name. */
import * as Y from 'yjs';
import { until } from '../../helpers/until.ts';
import { type Attack, oneOf } from '../attack.ts';

export const specWrites: Attack = {
  name: 'spec-writes',
  async run(site, random) {
    const name = oneOf(random, ['spec-updates', `spec-updates\0${random(1e9)}`]);
    const token = await site.tokenOf('mallory-specs', oneOf(random, ['clerk', 'admin']));
    const client = await site.connect().enter(name, token);
    if (!client.entered.includes(name)) throw new Error(`it was not even let in: ${client.fate}`);
    client.askForAll(name);
    const forged = new Y.Doc();
    forged.getMap('specs').set('FORGED', { title: 'FORGED' });
    forged.getArray('events').insert(0, ['FORGED']);
    for (const step of [1, 2, 1, 2]) client.sync(name, step, Y.encodeStateAsUpdate(forged));
    await until('all are declined', () => client.declined >= 4 || client.isOver || client.denials.length > 0);
    if (client.acknowledged > 0) throw new Error('a write was acknowledged');
    const reader = await (await site.joinDocument('spec-updates', 'reader')).synced();
    const seen = JSON.stringify([
      reader.document.getMap('specs').toJSON(),
      reader.document.getArray('events').toJSON(),
    ]);
    if (seen.includes('FORGED')) throw new Error('somebody sees what was forged');
  },
};
