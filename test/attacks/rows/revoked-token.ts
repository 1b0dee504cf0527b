/** Somebody whose session has ended, or who may only read now, goes on writing: nothing of it is acknowledged or seen. */
import * as Y from 'yjs';
import { until } from '../../helpers/until.ts';
import { type Attack, oneOf } from '../attack.ts';

export const revokedToken: Attack = {
  name: 'revoked-token',
  async run(site, random) {
    const recordId = `revoked-${random(1e9)}`;
    await site.addRecord(recordId, 'A record.\n');
    const name = `record:${recordId}`;
    const username = `mallory-leaves-${random(1e9)}`;
    const token = await site.tokenOf(username);
    const witness = await (await site.join(recordId, 'witness')).synced();
    const client = await site.connect().enter(name, token);
    client.exchange(name);
    const document = new Y.Doc();
    const text = new Y.XmlText();
    document.on('update', (update: Uint8Array) => client.edit(name, update));
    document.getXmlFragment('default').insert(0, [text]);
    text.insert(0, 'BEFORE ');
    await witness.sees('BEFORE');

    const kind = oneOf(random, ['ended', 'demoted'] as const);
    if (kind === 'ended') site.civicpress.revokeSessions(username);
    else site.civicpress.setRole(username, 'public');
    const response = await site.fetch('/api/v1/realtime/revoke', {
      method: 'POST',
      headers: { authorization: `Bearer ${site.adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    if (!response.ok) throw new Error(`the revocation was answered ${response.status}`);
    if (kind === 'ended') await until('the socket is closed', () => client.closed?.code === 4001, 5_000);
    const before = client.acknowledged;
    text.insert(0, 'AFTER ');
    const again = await site.connect().enter(name, token);
    again.exchange(name);
    again.edit(name, Y.encodeStateAsUpdate(document));
    witness.type('record', ' GENUINE');
    await witness.saved();
    if (client.acknowledged > before) throw new Error('an edit was acknowledged after the revocation');
    if (kind === 'ended' && again.entered.length > 0) throw new Error('an ended session lets somebody in');
    if (witness.text.includes('AFTER'))
      throw new Error('somebody sees what was written after the revocation');
  },
};
