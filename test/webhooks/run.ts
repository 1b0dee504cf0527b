/**
 * Nobody receives webhooks for an hour, and the server is killed twice meanwhile:
 * `npm run test:webhooks [-- --minutes 60 --seed 1]`.
 *
 * The server runs as an operator runs it, with the pauses that it has by itself. People come, type and leave all the
 * time; a third and two thirds into the absence it is killed and started again. Then the receiver comes back, and what
 * arrives is compared with what people did. Takes up to ten minutes more: the longest pause between two tries.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Program } from '../helpers/program.ts';
import { until } from '../helpers/until.ts';
import { type Arrived, faultsOf, type Life, type Version } from './judge.ts';
import { Visitors } from './visitors.ts';

const adminToken = 'token-of-an-administrator-for-this-trial';
const longestPauseMs = 10 * 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
  },
});
const absenceMs = Number(values.minutes) * 60_000;
say(`Nobody receives for ${values.minutes} minutes; seed ${values.seed}`);

const arrived: Arrived[] = [];
const receiver = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  arrived.push(JSON.parse(body) as Arrived);
  response.writeHead(204).end();
});
const probe = createServer().listen(0, '127.0.0.1');
await once(probe, 'listening');
const { port } = probe.address() as AddressInfo;
probe.close();

const folder = await mkdtemp(join(tmpdir(), 'webhooks-absence-'));
const environment = {
  REALTIME_WEBHOOKS_URLS: `http://127.0.0.1:${port}/hook`,
  REALTIME_WEBHOOKS_PRIVATE_HOSTS: '127.0.0.1',
  REALTIME_WEBHOOKS_SECRET: 'a secret of at least thirty-two characters',
  // Rooms come and go while the trial lasts.
  REALTIME_ROOMS_CLEANUP_TIMEOUT: '5',
  REALTIME_ADMIN_TOKEN: adminToken,
  REALTIME_LOG_LEVEL: 'error',
};
let program: Program | undefined;
process.on('exit', () => void program?.end('SIGKILL').catch(() => undefined));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const visitors = new Visitors(Number(values.seed));
const lives: Life[] = [];
for (let number = 1; number <= 3; number += 1) {
  const from = Date.now();
  program = await Program.start(folder, [], environment);
  const life: Life = { from, to: Number.POSITIVE_INFINITY, visits: [] };
  lives.push(life);
  await visitors.comeAndGo(program, life.visits, absenceMs / 3);
  if (number < 3) {
    // Somebody is in, and has typed a moment ago.
    await visitors.stayIn(program, life.visits);
    life.to = Date.now();
    await program.end('SIGKILL');
    visitors.leave();
    say(`killed in life ${number}, after ${life.visits.length} visits`);
  }
}
if (!program) throw new Error('there is no server');
const running = program;
say(`the receiver comes back; ${(await askAdmin('/api/v1/realtime/webhooks')).pending} events wait`);
if (arrived.length > 0) throw new Error('somebody received while nobody was there');
receiver.listen(port, '127.0.0.1');
const backAt = Date.now();
await until(
  'nothing waits',
  async () => (await askAdmin('/api/v1/realtime/webhooks')).pending === 0,
  longestPauseMs + 60_000,
);
// What the last visitors left behind is told as well.
await delay(8_000);
await until(
  'nothing waits again',
  async () => (await askAdmin('/api/v1/realtime/webhooks')).pending === 0,
  longestPauseMs,
);
say(
  `${arrived.length} events have arrived, the last ${Math.round((Date.now() - backAt) / 1_000)} s after it came back`,
);

const versions = new Map<string, readonly Version[]>();
for (const record of visitors.records) {
  const { versions: list } = await askAdmin(`/api/v1/realtime/records/${record}/versions`);
  versions.set(record, list as Version[]);
}
const faults = faultsOf({
  arrived,
  lives,
  versions,
  dead: Number((await askAdmin('/api/v1/realtime/webhooks')).dead),
});
await running.end();
program = undefined;
receiver.close();
await rm(folder, { recursive: true, force: true, maxRetries: 5 });
for (const fault of faults) say(`FAULT ${fault}`);
say(
  faults.length === 0
    ? 'Every event arrived, in the order of its room, and none was invented.'
    : `${faults.length} faults.`,
);
process.exit(faults.length === 0 ? 0 : 1);

async function askAdmin(path: string): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${adminToken}` };
  const response = await fetch(`${running.url}${path}`, { headers });
  return (await response.json()) as Record<string, unknown>;
}

function say(text: string): void {
  process.stdout.write(`${new Date().toISOString()} ${text}\n`);
}
