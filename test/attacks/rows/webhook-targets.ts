/**
 * A receiver of webhooks leads the server elsewhere, or keeps it busy: by redirects to what only this machine may reach,
 * by an answer without an end, or by none. What is configured by a name that leads here is not asked either.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../helpers/until.ts';
import { type Attack, oneOf } from '../attack.ts';

const targetsOf = (port: number) => [
  `http://127.0.0.1:${port}/`,
  `http://localhost:${port}/`,
  `//127.0.0.1:${port}/`,
  `http://[::ffff:127.0.0.1]:${port}/`,
  `http://0x7f000001:${port}/`,
  `http://0:${port}/`,
];

export const webhookTargets: Attack = {
  name: 'webhook-targets',
  async run(site, random) {
    const { webhooks } = site;
    const kind = oneOf(random, ['redirect', 'redirect', 'endless', 'silent'] as const);
    webhooks.answer = (response) => {
      if (kind === 'redirect') {
        const status = oneOf(random, [301, 302, 303, 307, 308]);
        response.writeHead(status, { location: oneOf(random, targetsOf(webhooks.trapPort)) }).end();
      } else if (kind === 'endless') {
        const pour = () => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536))) void 0;
        };
        response.writeHead(200).on('drain', pour);
        pour();
      }
    };
    const before = webhooks.asked;
    for (let room = 0; room < 5; room += 1) {
      const recordId = `hook-${random(1e9)}`;
      await site.addRecord(recordId, 'A record.\n');
      await (await site.join(recordId, 'reader')).synced();
    }
    await until('the receiver is asked', () => webhooks.asked >= before + 3);
    await delay(500);
    webhooks.answer = (response) => void response.writeHead(204).end();
    if (webhooks.trapped > 0) throw new Error('what nobody may reach from outside was asked');
  },
};
