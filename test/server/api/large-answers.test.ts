/**
 * Large answers, and those who ask for them and do not read.
 */
import { connect, type Socket } from 'node:net';
import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { boundLargeAnswers } from '../../../server/api/large-answers.ts';
import { RealtimeError } from '../../../server/errors.ts';
import { until } from '../../helpers/until.ts';

const megabyte = 1_048_576;

let app: FastifyInstance;
let url: URL;
const peers: Socket[] = [];
const refusals: RealtimeError[] = [];

async function open(patienceMs: number): Promise<void> {
  app = fastify();
  boundLargeAnswers(app, { senderOf: ({ headers }) => String(headers['x-sender']), patienceMs });
  app.addHook('onError', async (_request, _reply, error) => {
    if (error instanceof RealtimeError) refusals.push(error);
  });
  app.get('/large', async () => 'x'.repeat(8 * megabyte));
  app.get('/small', async () => 'small');
  url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
}

beforeEach(() => void refusals.splice(0));

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.destroy();
  await app.close();
});

/** Asks, and reads nothing of the answer. */
function ask(sender: string): Socket {
  const peer = connect(Number(url.port), url.hostname);
  peer.on('error', () => undefined).pause();
  peer.write(`GET /large HTTP/1.1\r\nHost: x\r\nX-Sender: ${sender}\r\n\r\n`);
  peers.push(peer);
  return peer;
}

const fetched = async (path: string, sender: string) => {
  const response = await fetch(new URL(path, url), { headers: { 'x-sender': sender } });
  return { isOk: response.ok, size: (await response.arrayBuffer()).byteLength };
};

it('[T14] keeps little for one address that does not read, and no other one waits for that', async () => {
  await open(60_000);
  for (let count = 0; count < 12; count += 1) ask('attacker');
  await until('some are refused', () => refusals.length >= 6);
  expect(refusals.map(({ code }) => code)).toContain('too-many-requests');
  expect((await fetched('/large', 'attacker')).isOk).toBe(false);
  expect(await fetched('/small', 'attacker')).toEqual({ isOk: true, size: 5 });
  expect(await fetched('/large', 'office')).toEqual({ isOk: true, size: 8 * megabyte });
});

it('[T14] keeps little for all addresses together, and cuts off who takes nothing', async () => {
  await open(1_500);
  for (let count = 0; count < 30; count += 1) ask(`attacker-${count}`);
  await until('some are refused', () => refusals.length >= 8);
  await until('the others are cut off', async () => (await fetched('/large', 'office')).isOk);
});
