/** Very many streams of spec changes, of which nobody reads: a place for each address and user, and none beyond. */

import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Attack, between } from '../attack.ts';

const streams = 1_000;

export const manyStreams: Attack = {
  name: 'many-streams',
  async run(site, random) {
    const { hostname, port } = new URL(site.url);
    const token = await site.tokenOf('mallory-streams');
    const sockets: Socket[] = [];
    let opened = 0;
    try {
      const isOneAddress = random(2) === 0;
      const address = site.anotherAddress();
      for (let count = 0; count < streams; count += 1) {
        const socket = connect(Number(port), hostname);
        socket.on('error', () => undefined);
        socket.once('data', (answer: Buffer) => {
          if (answer.toString().startsWith('HTTP/1.1 200')) opened += 1;
          // From then on nothing is read.
          socket.pause();
        });
        const from = isOneAddress ? address : site.anotherAddress();
        socket.write(
          `GET /api/events/specs HTTP/1.1\r\nHost: ${hostname}:${port}\r\nX-Forwarded-For: ${from}\r\n` +
            `Authorization: Bearer ${token}\r\n\r\n`,
        );
        sockets.push(socket);
        if (count % 100 === 0) await delay(20);
      }
      for (let change = between(random, 20, 60); change > 0; change -= 1) {
        const text = `---\nid: E1-F${change}\ntitle: ${'x'.repeat(2_000)} ${change}\n---\n`;
        await writeFile(join(site.specsFolder, `e1-f${change}.md`), text);
        await delay(50);
      }
      if (opened > 100) throw new Error(`${opened} streams of one user were opened`);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  },
};
