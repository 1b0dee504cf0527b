/**
 * A line between a client and a server that can be cut, or fall silent without being cut.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpLine {
  readonly url: string;
  /** Breaks every connection; new ones can be made. */
  cut(): void;
  /** Carries nothing any more, in either direction, and keeps every connection. */
  freeze(): void;
  close(): Promise<void>;
}

export async function openTcpLine(serverUrl: string): Promise<TcpLine> {
  const { hostname, port } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    freeze() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
