/** A token in the address: of no use, and nowhere in the log, also when the socket comes to grief. */
import { until } from '../../helpers/until.ts';
import { type Attack, oneOf } from '../attack.ts';

export const tokenInQuery: Attack = {
  name: 'token-in-query',
  async run(site, random) {
    const token = await site.tokenOf('careless');
    const secret = encodeURIComponent(token);
    const paths = [
      '/realtime',
      '/realtime/',
      '/realtime/records/honest',
      '/api/v1/realtime/records/honest/versions',
      '/nothing',
    ];
    for (const path of paths) {
      const query = oneOf(random, [
        `?token=${secret}`,
        `?features=table&token=${secret}`,
        `?TOKEN=${secret}`,
      ]);
      const client = site.connect({ path: path + query });
      await until('it is answered', () => client.isOpen || client.isOver);
      client.askForAll('record:honest');
      client.sendBytes(new Uint8Array(5_000_000));
      if (client.isOpen) await client.sentAway();
      if (client.entered.length > 0) throw new Error(`${path} let somebody in by a token in the address`);
      const response = await site.fetch(path + query);
      if ((await response.text()).includes(token)) throw new Error('the answer holds the token');
    }
    if (site.server.output.includes(token)) throw new Error('the log holds the token');
  },
};
