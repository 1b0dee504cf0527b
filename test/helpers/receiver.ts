/**
 * A receiver of webhooks that misbehaves on demand, and remembers what arrived.
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Arrived {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: { id: string; event: string; data: Record<string, unknown> };
}

export class Receiver {
  /** What was taken, and what was turned down. */
  readonly taken: Arrived[] = [];
  readonly refused: Arrived[] = [];
  /** The status for this event; 204 takes it. */
  answer: (arrived: Arrived) => number | Promise<number> = () => 204;
  /** Of each answer. */
  headers: Record<string, string> = {};
  readonly #port: number;
  #server: Server | undefined;

  private constructor(port: number) {
    this.#port = port;
  }

  static async start(): Promise<Receiver> {
    // A port that is free now: the receiver goes away and comes back at the same one.
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const receiver = new Receiver(port);
    await receiver.comeBack();
    onTestFinished(() => receiver.goAway());
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook?key=s3cret`;
  }

  async comeBack(): Promise<void> {
    this.#server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += chunk;
      const arrived = { headers: request.headers, body, event: JSON.parse(body) as Arrived['event'] };
      const status = await this.answer(arrived);
      (status < 300 ? this.taken : this.refused).push(arrived);
      response.writeHead(status, this.headers).end();
    }).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async goAway(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
}
