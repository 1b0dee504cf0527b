/**
 * A server that answers as a test tells it to: for what neither the embedded CivicPress nor the flaky proxy does.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { CivicPressClient } from '../../../server/civicpress/client.ts';

/** @param nth which request this is, from 1 on */
export type Script = (response: ServerResponse, nth: number, request: IncomingMessage) => void;

export interface ScriptedCivicPress {
  readonly client: CivicPressClient;
  /** What arrived, oldest first. */
  readonly requests: Pick<IncomingMessage, 'method' | 'url' | 'headers'>[];
}

export async function scriptedCivicPress(script: Script, timeoutMs = 2_000): Promise<ScriptedCivicPress> {
  const requests: ScriptedCivicPress['requests'] = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    requests.push({ method, url, headers });
    request.resume();
    script(response, requests.length, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { client: new CivicPressClient({ url: `http://127.0.0.1:${port}`, timeoutMs }), requests };
}

/** Answers everything like this. */
export function always(
  status: number,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Script {
  return (response) => void response.writeHead(status, headers).end(body);
}
