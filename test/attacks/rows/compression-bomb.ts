/** A few bytes that inflate to many: compression is not offered, and a compressed frame is none. */
import { deflateRawSync } from 'node:zlib';
import { until } from '../../helpers/until.ts';
import { type Attack, between } from '../attack.ts';

export const compressionBomb: Attack = {
  name: 'compression-bomb',
  async run(site, random) {
    const bomb = deflateRawSync(Buffer.alloc(between(random, 50, 200) * 1_000_000));
    for (let count = 0; count < 5; count += 1) {
      const client = await site.connect({ perMessageDeflate: true }).connected();
      if (client.ws.extensions !== '') throw new Error('compression was agreed on');
      const header = Buffer.from([0xc2, 0xfe, bomb.length >> 8, bomb.length & 255, 0, 0, 0, 0]);
      const large = Buffer.alloc(14);
      large.set([0xc2, 0xff]);
      large.writeBigUInt64BE(BigInt(bomb.length), 2);
      client.stream.write(Buffer.concat([bomb.length < 65_536 ? header : large, bomb]));
      await until('it is sent away', () => client.isOver);
    }
  },
};
