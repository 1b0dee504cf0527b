/**
 * A balancer as small as one can be: each connection goes to the next node that is ready. Nobody stays with a node.
 *
 * For the demo and the tests, on the loopback interface. It passes bytes on and reads none, so that WebSockets and
 * server-sent events need nothing of their own; clients keep no address (`deploy/` has balancers that tell it).
 */
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';

/** Pause between two questions to a node whether it is ready. */
const askEveryMs = 250;

export class Balancer {
  readonly #nodes: readonly Node[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #asking: NodeJS.Timeout;
  #next = 0;

  private constructor(ports: readonly number[]) {
    this.#nodes = ports.map((port) => new Node(port));
    this.#server = createServer((client) => void this.#take(client));
    this.#asking = setInterval(() => void this.#askAll(), askEveryMs);
  }

  static async start(ports: readonly number[]): Promise<Balancer> {
    const balancer = new Balancer(ports);
    await balancer.#askAll();
    balancer.#server.listen(0, '127.0.0.1');
    await once(balancer.#server, 'listening');
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    clearInterval(this.#asking);
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #take(client: Socket): Promise<void> {
    this.#join(client);
    for (const node of this.#inTurn()) {
      const line = await node.connect();
      if (!line) continue;
      this.#join(line);
      client.on('close', () => line.destroy());
      line.on('close', () => client.destroy());
      client.pipe(line).pipe(client);
      if (client.destroyed) line.destroy();
      return;
    }
    client.destroy();
  }

  /** Those that are ready, beginning with another one each time; all, when none is. */
  #inTurn(): Node[] {
    const ready = this.#nodes.filter(({ isReady }) => isReady);
    const nodes = ready.length > 0 ? ready : [...this.#nodes];
    const first = this.#next % nodes.length;
    this.#next += 1;
    return [...nodes.slice(first), ...nodes.slice(0, first)];
  }

  #join(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async #askAll(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.ask()));
  }
}

class Node {
  readonly #port: number;
  isReady = false;

  constructor(port: number) {
    this.#port = port;
  }

  async ask(): Promise<void> {
    const url = `http://127.0.0.1:${this.#port}/ready`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
    // Else its connection stays open.
    await answer?.body?.cancel();
    this.isReady = answer?.ok === true;
  }

  /** `null` when nobody listens. */
  async connect(): Promise<Socket | null> {
    const socket = createConnection(this.#port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return socket;
    } catch {
      this.isReady = false;
      return null;
    }
  }
}
