/**
 * A line to the server as from a train: what a client sends may go slowly, stand still, or be lost when the line is
 * cut. What it receives comes at once.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';

const tickMs = 50;

export class SlowLine {
  readonly #server = createServer((client) => this.#relay(client));
  readonly #targetUrl: string;

  readonly #clients = new Set<Socket>();

  /** From the client to the server. */
  bytesPerSecond = Number.POSITIVE_INFINITY;

  private constructor(targetUrl: string) {
    this.#targetUrl = targetUrl;
  }

  static async open(targetUrl: string): Promise<SlowLine> {
    const line = new SlowLine(targetUrl);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends all connections; what is still on its way is lost. */
  cut(): void {
    for (const client of this.#clients) client.destroy();
  }

  /** Takes no more connections; those that are open end with their client or the server. */
  close(): void {
    this.#server.close();
  }

  #relay(client: Socket): void {
    const { hostname, port } = new URL(this.#targetUrl);
    const server = connect(Number(port), hostname);
    this.#clients.add(client);
    const hangUp = () => {
      this.#clients.delete(client);
      client.destroy();
      server.destroy();
    };
    pipeline(client, (bytes: AsyncIterable<Buffer>) => this.#slowly(bytes), server).then(hangUp, hangUp);
    pipeline(server, client).then(hangUp, hangUp);
  }

  async *#slowly(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      let rest = chunk;
      while (rest.length > 0) {
        const part = Math.min(rest.length, (this.bytesPerSecond * tickMs) / 1_000);
        if (part > 0) yield rest.subarray(0, part);
        rest = rest.subarray(part);
        if (rest.length > 0) await delay(tickMs);
      }
    }
  }
}
