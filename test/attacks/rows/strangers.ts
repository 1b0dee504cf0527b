/** Sockets on which nobody signs in are filled: with whole frames, with one that never ends, or with a token that is wrong. */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../helpers/until.ts';
import { type Attack, between, oneOf, randomBytes } from '../attack.ts';
import { types } from '../raw-client.ts';

const sockets = 250;

export const strangers: Attack = {
  name: 'strangers',
  async run(site, random) {
    const kind = oneOf(random, ['frames', 'endless', 'guesses'] as const);
    // Guesses of many addresses keep newcomers out for some minutes (docs/security.md); those of one do not.
    const isOneAddress = kind === 'guesses' || random(2) === 0;
    const address = isOneAddress ? { address: site.anotherAddress() } : {};
    const clients = Array.from({ length: sockets }, () => site.connect(address));
    await until('all are answered', () => clients.every((client) => client.isOpen || client.isOver), 30_000);
    const payload = Buffer.from(randomBytes(random, 60_000));
    const base = random(1e9);
    // A masked frame of 4 MB begins.
    const header = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x3f, 0, 0, 0, 0, 0, 0]);
    for (let round = 0; round < between(random, 10, 30); round += 1) {
      for (const client of clients.filter(({ isOpen }) => isOpen)) {
        if (kind === 'endless') client.stream.write(round === 0 ? Buffer.concat([header, payload]) : payload);
        else if (kind === 'guesses')
          client.authenticate(`record:honest\0${round}`, `guess-${base}-${random(15)}`);
        else client.send(`record:r${round}`, types.stateless, () => undefined);
        if (kind === 'frames') client.edit('record:honest', payload);
      }
      await delay(30);
    }
    if (clients.some(({ entered }) => entered.length > 0)) throw new Error('a stranger was let in');
    if (kind === 'guesses') return;
    await until('all of them are sent away', () => clients.every(({ isOver }) => isOver), 30_000);
  },
};
