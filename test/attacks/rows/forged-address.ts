/** One address pretends to be many, by a header that anybody can write. */
import { until } from '../../helpers/until.ts';
import { type Attack, between } from '../attack.ts';

export const forgedAddress: Attack = {
  name: 'forged-address',
  async run(site, random) {
    const real = site.anotherAddress();
    const made = () => Array.from({ length: 4 }, () => between(random, 1, 254)).join('.');
    const clients = Array.from({ length: 140 }, (_, index) => {
      // What the proxy has seen stands behind what the client wrote; a proxy's own address may be written as well.
      const forged = index % 3 === 0 ? '127.0.0.1' : made();
      return site.connect({ headers: { 'x-forwarded-for': `${forged}, ${made()}, ${real}` } });
    });
    await until('all are answered', () => clients.every((client) => client.isOpen || client.isOver), 30_000);
    await until('those beyond 100 are sent away', () => clients.filter(({ isOpen }) => isOpen).length <= 100);
    const other = await site.connect().connected();
    if (!other.isOpen) throw new Error('somebody at another address was kept out');
  },
};
