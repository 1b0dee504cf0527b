/** A page of another host opens a socket with the browser of somebody who is signed in. */

import { until } from '../../helpers/until.ts';
import { type Attack, oneOf } from '../attack.ts';

export const foreignPage: Attack = {
  name: 'foreign-page',
  async run(site, random) {
    const { host, hostname, port } = new URL(site.url);
    const origins = [
      'https://evil.example',
      `http://${host}.evil.example`,
      `http://${hostname}:${Number(port) - 1}`,
      `http://evil.example#${host}`,
      `http://${host}@evil.example`,
      'null',
      'file://',
      'javascript:alert(1)',
      `http://${hostname}:${port}0`,
      ' ',
    ];
    for (let round = 0; round < 20; round += 1) {
      const origin = oneOf(random, origins);
      const client = site.connect({ headers: { origin } });
      await until('it is answered', () => client.isOpen || client.isOver);
      if (client.refusedWith !== 403)
        throw new Error(`"${origin}" was answered ${client.refusedWith ?? 'with a socket'}`);
    }
  },
};
