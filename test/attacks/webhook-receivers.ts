/**
 * Where the webhooks of the attacked server lead: to one that is allowed by name and means ill, and to a name that leads
 * to this machine and is not allowed. Beside them somebody listens who is never to be asked.
 */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';

export class WebhookReceivers {
  /** What the one that is allowed answers. */
  answer: (response: ServerResponse) => void = (response) => void response.writeHead(204).end();
  /** How often it was asked, and the other one. */
  asked = 0;
  trapped = 0;
  readonly #allowed: Server;
  readonly #trap: Server;

  private constructor(allowed: Server, trap: Server) {
    this.#allowed = allowed;
    this.#trap = trap;
  }

  static async open(): Promise<WebhookReceivers> {
    const [allowed, trap] = [createServer(), createServer()];
    allowed.listen(0, '127.0.0.1');
    trap.listen(0, '0.0.0.0');
    await Promise.all([once(allowed, 'listening'), once(trap, 'listening')]);
    const receivers = new WebhookReceivers(allowed, trap);
    trap.on('connection', (socket) => {
      receivers.trapped += 1;
      socket.destroy();
    });
    allowed.on('request', (request, response) => {
      receivers.asked += 1;
      request.resume();
      receivers.answer(response);
    });
    return receivers;
  }

  get trapPort(): number {
    return portOf(this.#trap);
  }

  /** For the server's environment. */
  get environment(): Record<string, string> {
    return {
      REALTIME_WEBHOOKS_URLS: [
        `http://127.0.0.1:${portOf(this.#allowed)}/hook`,
        `http://${hostname()}:${this.trapPort}/hook`,
      ].join(),
      REALTIME_WEBHOOKS_PRIVATE_HOSTS: '127.0.0.1',
      REALTIME_WEBHOOKS_SECRET: 'a secret of thirty-two characters',
      REALTIME_WEBHOOKS_EVENTS: 'realtime:room:created',
      REALTIME_WEBHOOKS_TIMEOUT_MS: '1000',
      REALTIME_WEBHOOKS_RETRY_MIN_MS: '100',
      REALTIME_WEBHOOKS_RETRY_MAX_MS: '500',
    };
  }

  async close(): Promise<void> {
    for (const server of [this.#allowed, this.#trap]) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
