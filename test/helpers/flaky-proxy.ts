/**
 * A loopback HTTP proxy in front of CivicPress that misbehaves on demand.
 *
 * Tests set `mode` at any moment; it counts for the requests that arrive from then on.
 */
import { once } from 'node:events';
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';

/**
 * - `pass`: forwards;
 * - `error500`: answers 500 in CivicPress' envelope;
 * - `busy429`: answers 429 as plain text, with `Retry-After` when `retryAfterSeconds` is set;
 * - `silent`: accepts and never answers, not even after the mode has changed;
 * - `refuse`: destroys the socket at once.
 */
export type FlakyMode = 'pass' | 'error500' | 'busy429' | 'silent' | 'refuse';

export interface FlakyProxy {
  readonly url: string;
  mode: FlakyMode;
  retryAfterSeconds?: number;
  /** Limits the misbehaviour to the requests for which this says yes; all others pass. */
  only?: (method: string, path: string) => boolean;
  /** Every request that arrived, oldest first; empty it with `requests.length = 0`. */
  readonly requests: { method: string; path: string }[];
  close(): Promise<void>;
}

export async function startFlakyProxy(targetUrl: string): Promise<FlakyProxy> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: FlakyProxy = {
    url: urlOf(server),
    mode: 'pass',
    requests: [],
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const method = request.method ?? 'GET';
    const path = request.url ?? '/';
    proxy.requests.push({ method, path });
    const mode = proxy.only && !proxy.only(method, path) ? 'pass' : proxy.mode;
    if (mode === 'pass') return pass(request, response, new URL(path, targetUrl));
    request.resume();
    if (mode === 'error500') {
      answer(response, 500, 'application/json; charset=utf-8', {}, INTERNAL_ERROR);
    } else if (mode === 'busy429') {
      const { retryAfterSeconds } = proxy;
      const headers = retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) };
      answer(
        response,
        429,
        'text/html; charset=utf-8',
        headers,
        'Too many requests, please try again later.',
      );
    } else if (mode === 'refuse') {
      request.socket.destroy();
    }
  });
  return proxy;
}

const INTERNAL_ERROR = JSON.stringify({
  success: false,
  error: { message: 'Internal server error', code: 'INTERNAL_ERROR' },
});

function pass(request: IncomingMessage, response: ServerResponse, target: URL): void {
  const headers = { ...request.headers, host: target.host };
  const upstream = forward(target, { method: request.method, headers }, (answered) => {
    response.writeHead(answered.statusCode ?? 502, answered.headers);
    answered.pipe(response);
  });
  // A target that is down looks to the client as it would without the proxy: a connection that breaks.
  upstream.on('error', () => request.socket.destroy());
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}

function answer(
  response: ServerResponse,
  status: number,
  contentType: string,
  headers: Record<string, string>,
  body: string,
): void {
  response.writeHead(status, { 'Content-Type': contentType, ...headers });
  response.end(body);
}

function urlOf(server: Server): string {
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('The proxy is not listening on a port');
  return `http://127.0.0.1:${address.port}`;
}
