import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { impatientServer } from '../../server/impatient-server.ts';
import { until } from '../helpers/until.ts';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function open(headMs: number): Promise<() => Socket> {
  server = impatientServer(headMs);
  server.keepAliveTimeout = 60_000;
  server.on('request', (request, response) => request.on('end', () => response.end('done')).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined);
    return socket.resume();
  };
}

it('[G8] closes who says nothing, or never comes to an end, and nobody else', async () => {
  const newcomer = await open(300);
  const silent = newcomer();
  const [slow, endless] = [newcomer(), newcomer()];
  slow.write('GET / HTTP/1.1\r\nHost: x\r\n');
  endless.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n');
  const dripping = setInterval(() => {
    for (const socket of [slow, endless]) if (!socket.destroyed) socket.write('a');
  }, 50);
  const usual = newcomer();
  usual.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(usual, 'data');
  await until('all three are closed', () => [silent, slow, endless].every(({ destroyed }) => destroyed));
  clearInterval(dripping);
  usual.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [answer] = await once(usual, 'data');
  expect(String(answer)).toContain('200 OK');
});
