/** Very many documents on one socket: of any name, with sessions, before and after a token. */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../helpers/until.ts';
import { type Attack, oneOf } from '../attack.ts';

export const manyRooms: Attack = {
  name: 'many-rooms',
  async run(site, random) {
    const token = await site.tokenOf('mallory-rooms');
    const client = await site.connect().enter('record:honest', token);
    const kind = oneOf(random, ['missing', 'sessions', 'untold'] as const);
    for (let room = 0; room < 20_000 && client.isOpen; room += 1) {
      const address = kind === 'sessions' ? `record:honest\0s${room}` : `record:room-${room}`;
      if (kind === 'untold') client.askForAll(address);
      else client.authenticate(address, token);
      if (room % 500 === 0) await delay(1);
    }
    await delay(500);
    if (new Set(client.entered).size > 20)
      throw new Error(`it is in ${new Set(client.entered).size} documents`);
    const other = await (await site.join('honest', 'reader')).synced();
    await until('others get in', () => other.provider.isSynced);
  },
};
