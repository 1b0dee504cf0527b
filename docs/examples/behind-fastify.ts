/**
 * Passes `/realtime` on from a Fastify of your own, so that editors and pages have one address.
 *
 * The server trusts what stands in `X-Forwarded-For` when `security.trusted_proxies` names this program: `127.0.0.1`.
 *
 * An example to copy; `test/examples.test.ts` runs it.
 */
import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';

/** @param target such as `http://127.0.0.1:3001` */
export function passOnRealtime(app: FastifyInstance, target: URL): void {
  app.server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    if (!/^\/realtime(\/|\?|$)/.test(incoming.url ?? '')) return void socket.destroy();

    const { hostname, port } = target;
    const headers = { ...incoming.headers, 'x-forwarded-for': incoming.socket.remoteAddress };
    const onward = request({ hostname, port, path: incoming.url, headers });
    onward.on('upgrade', ({ rawHeaders }, line, rest) => {
      const lines = rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`));
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
      socket.unshift(head);
      line.unshift(rest);
      line.pipe(socket).pipe(line);
      line.on('error', () => socket.destroy());
      line.on('close', () => socket.destroy());
      socket.on('close', () => line.destroy());
    });
    // A server that stops, or is full, takes no upgrade.
    onward.on('response', ({ statusCode }) => {
      socket.end(`HTTP/1.1 ${statusCode} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    });
    onward.on('error', () => socket.destroy());
    onward.end();
  });
}
