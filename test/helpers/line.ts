/**
 * A TCP line to some server that can be cut, or go dead without a word.
 */
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';

/** `silent`: nothing arrives, until the line passes again. `cut`: connections break, and none can be made. */
export type LineMode = 'pass' | 'silent' | 'cut';

export interface Line {
  readonly port: number;
  /** Where connections lead that are made from now on, as a port. */
  target: number;
  mode: LineMode;
  close(): Promise<void>;
}

export async function startLine(firstTarget: number): Promise<Line> {
  let targetPort = firstTarget;
  const sockets = new Set<Socket>();
  let mode: LineMode = 'pass';
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    if (mode === 'cut') return client.destroy();
    const target = createConnection(targetPort, '127.0.0.1');
    connect(client, target);
    connect(target, client);
  });
  function connect(from: Socket, to: Socket): void {
    sockets.add(from);
    from.setNoDelay(true);
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    from.on('data', (data) => to.write(data));
    if (mode === 'silent') from.pause();
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get target() {
      return targetPort;
    },
    set target(port) {
      targetPort = port;
    },
    get mode() {
      return mode;
    },
    set mode(next) {
      mode = next;
      if (next === 'cut') hangUp();
      for (const socket of sockets) next === 'silent' ? socket.pause() : socket.resume();
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      hangUp();
      await closed;
    },
  };
}
