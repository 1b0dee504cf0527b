/**
 * Peers that speak HTTP and WebSocket in ways that no browser does: very slowly, or in very many words that mean nothing.
 * Whoever uses a ticket twice, or comes from all addresses of one network, is one of them.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../helpers/until.ts';
import type { Random } from '../../markdown/helpers/random.ts';
import { type Attack, between, oneOf } from '../attack.ts';
import type { AttackSite } from '../attack-site.ts';

type Oddity = (site: AttackSite, random: Random) => Promise<void>;

/** What is answered to these bytes, until the server closes; empty when it does not. */
async function answerTo(site: AttackSite, bytes: string): Promise<string> {
  const { hostname, port } = new URL(site.url);
  const socket: Socket = connect(Number(port), hostname);
  let answer = '';
  let isClosed = false;
  socket
    .on('error', () => undefined)
    .on('close', () => {
      isClosed = true;
    });
  socket.on('data', (data: Buffer) => {
    answer += data.toString();
  });
  socket.write(bytes);
  await until('it is answered and closed', () => isClosed || answer !== '');
  socket.destroy();
  return answer;
}

const pings: Oddity = async (site, random) => {
  const client = await site.connect().enter('record:honest', await site.tokenOf('mallory-pings'));
  if (oneOf(random, [true, false])) client.stream.pause();
  for (let round = 0; round < 100 && client.isOpen; round += 1) {
    for (let count = 0; client.ws.bufferedAmount < 500_000 && count < 500; count += 1) {
      client.ws.ping('x'.repeat(120));
    }
    await delay(10);
  }
};

const textPings: Oddity = async (site) => {
  const authorization = `Bearer ${await site.tokenOf('mallory-text-pings')}`;
  const client = await site
    .connect({ path: '/realtime/records/honest', headers: { authorization } })
    .connected();
  // What it is told is y-websocket's.
  client.ws.removeAllListeners('message');
  for (let sent = 0; sent < 100_000 && client.isOpen; sent += 500) {
    for (let count = 0; count < 500; count += 1) client.ws.send('{"type":"ping"}');
    await delay(5);
  }
  const { code } = await client.sentAway();
  if (code !== 4013) throw new Error(`closed with ${code}`);
};

/** Is told to go, does not answer, and goes on. */
const behindClosing: Oddity = async (site) => {
  const client = await site.connect().enter('record:honest', await site.tokenOf('mallory-stays'));
  const { stream } = client;
  client.ws.send('text');
  stream.removeAllListeners('data');
  const frames = Buffer.alloc(70_000, Buffer.from([0x82, 0x81, 0, 0, 0, 0, 0]));
  for (let sent = 0; sent < 20_000_000 && !stream.destroyed; sent += frames.byteLength) {
    await new Promise((resolve) => stream.write(frames, resolve));
  }
  await until('nobody reads it any more', () => stream.destroyed);
};

const pieces: Oddity = async (site, random) => {
  const client = await site.connect().enter('record:honest', await site.tokenOf('mallory-pieces'));
  const piece = Buffer.alloc(between(random, 1, 20_000), 97);
  for (let sent = 0; sent < 5_000_000 && client.isOpen; sent += Math.max(piece.length, 500)) {
    client.ws.send(piece, { fin: false });
    if (client.ws.bufferedAmount > 1_000_000) await delay(5);
  }
  if (piece.length > 500) await client.sentAway();
};

/** Socket.IO has packets for those who have not signed in, and answers them. */
const packets: Oddity = async (site, random) => {
  const clients = Array.from({ length: 10 }, () =>
    site.connect({ path: '/socket.io/?EIO=4&transport=websocket' }),
  );
  const packet = oneOf(random, ['40/nothing,{}', '41/x,', '3', '42["x"]']);
  for (const client of clients) {
    client.ws.removeAllListeners('message');
    await client.connected();
    for (let count = 0; count < 20_000; count += 1) client.ws.send(packet);
  }
  await until('all are cut off', () => clients.every(({ isOver }) => isOver));
};

const noUtf8: Oddity = async (site) => {
  const client = await site.connect().enter('record:honest', await site.tokenOf('mallory-text'));
  client.stream.write(Buffer.from([0x81, 0x84, 0, 0, 0, 0, 0xff, 0xfe, 0xfd, 0xfc]));
  const { code } = await client.sentAway();
  if (code !== 1007) throw new Error(`closed with ${code}`);
};

const foreignFlood: Oddity = async (site) => {
  const clients = Array.from({ length: 300 }, () =>
    site.connect({ headers: { origin: 'https://evil.example' } }),
  );
  await until('all are answered', () => clients.every((client) => client.isOpen || client.isOver), 30_000);
  if (clients.some(({ refusedWith }) => refusedWith !== 403)) throw new Error('a foreign page got a socket');
};

const network: Oddity = async (site, random) => {
  const prefix = `2001:db8:${between(random, 1, 9_999)}:1`;
  const clients = Array.from({ length: 140 }, (_, host) =>
    site.connect({ address: `${prefix}::${(host + 1).toString(16)}` }),
  );
  await until('all are answered', () => clients.every((client) => client.isOpen || client.isOver), 30_000);
  await until('those beyond 100 are sent away', () => clients.filter(({ isOpen }) => isOpen).length <= 100);
};

const longHeads: Oddity = async (site) => {
  const head = `GET /health HTTP/1.1\r\nHost: x\r\n${`X-Long: ${'x'.repeat(1_000)}\r\n`.repeat(100)}\r\n`;
  const heads = await answerTo(site, head);
  if (!heads.startsWith('HTTP/1.1 431')) throw new Error(`long heads were answered "${heads.slice(0, 40)}"`);
  for (const path of ['/api/revoke', '/api/events/ticket', '/realtime', '/nothing']) {
    const body = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n`;
    const answer = await answerTo(site, `${body}{"a":${'['.repeat(50_000)}`);
    if (!/^HTTP\/1\.1 4\d\d/.test(answer)) throw new Error(`${path} answered "${answer.slice(0, 40)}"`);
  }
};

const prototypes: Oddity = async (site) => {
  const headers = { authorization: `Bearer ${site.adminToken}`, 'content-type': 'application/json' };
  for (const body of ['{"__proto__":{"userId":"1"}}', '{"constructor":{"prototype":{"userId":"1"}}}']) {
    const { status } = await site.fetch('/api/revoke', { method: 'POST', headers, body });
    if (status !== 400) throw new Error(`"${body}" was answered ${status}`);
  }
};

const tickets: Oddity = async (site) => {
  const authorization = `Bearer ${await site.tokenOf('mallory-tickets')}`;
  const asked = await site.fetch('/api/events/ticket', { method: 'POST', headers: { authorization } });
  const { ticket } = (await asked.json()) as { ticket: string };
  const statuses: number[] = [];
  for (const each of [ticket, ticket, 'x'.repeat(ticket.length), '']) {
    const giveUp = new AbortController();
    const { status } = await fetch(`${site.url}/api/events/specs?ticket=${each}`, { signal: giveUp.signal });
    statuses.push(status);
    giveUp.abort();
  }
  if (statuses.join() !== '200,401,401,401') throw new Error(`tickets were answered ${statuses.join()}`);
};

const oddities = [
  pings,
  textPings,
  behindClosing,
  pieces,
  packets,
  noUtf8,
  foreignFlood,
  network,
  longHeads,
  prototypes,
  tickets,
];
const oddInRound = 4;

export const oddPeers: Attack = {
  name: 'odd-peers',
  async run(site, random) {
    const first = random(oddities.length);
    for (const oddity of [...oddities, ...oddities].slice(first, first + oddInRound)) {
      await oddity(site, random);
    }
  },
};
