import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Entrance } from '../../server/entrance.ts';
import { errors, RealtimeError } from '../../server/errors.ts';
import { createHttp } from '../../server/http.ts';
import { RequestPace } from '../../server/request-pace.ts';
import { RecordedLog } from '../helpers/recorded-log.ts';

async function startHttp(trustedProxies: string[] = []) {
  const httpServer = createServer();
  const log = new RecordedLog();
  const http = createHttp({
    httpServer,
    pace: new RequestPace({
      entrance: new Entrance({ allowedOrigins: [], trustedProxies }),
      socketsPerAddress: 100,
    }),
    log,
    plugins: [
      async (routes) => {
        routes.get('/missing', async () => {
          throw new RealtimeError('no-such-record', { cause: new Error('/var/lib/records/secret.md') });
        });
        routes.get('/broken', async () => {
          throw new Error('SELECT secret FROM /var/lib/realtime.sqlite');
        });
        routes.post('/echo', async ({ body }) => body);
      },
    ],
  });
  await http.ready();
  await new Promise<void>((listening) => httpServer.listen(0, '127.0.0.1', listening));
  onTestFinished(() => http.close());
  return { http, log, url: `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}` };
}

describe('the HTTP side', () => {
  it('has nothing at any other address', async () => {
    const { url } = await startHttp();
    const response = await fetch(`${url}/nothing`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'not-found' } });
  });

  it.each(['/nothing', '/missing', '/broken', '/%E0%A4%A'])(
    '[D3] runs nothing of the answer at %s',
    async (path) => {
      const { url } = await startHttp();
      const { headers } = await fetch(url + path);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    },
  );

  /** The status of each answer until the connection is closed, or all are answered. */
  function flood(url: string, count: number, headers = ''): Promise<string[]> {
    const { hostname, port } = new URL(url);
    const peer = connect(Number(port), hostname);
    let answers = '';
    const statuses = () => answers.match(/(?<=HTTP\/1\.1 )\d{3}/g) ?? [];
    peer.write(`GET /nothing HTTP/1.1\r\nHost: x\r\n${headers}\r\n`.repeat(count));
    return new Promise((resolve) => {
      peer.on('error', () => undefined).on('close', () => resolve(statuses()));
      peer.on('data', (data) => {
        answers += data.toString();
        if (statuses().length >= count) peer.destroy();
      });
    });
  }

  it('[G18] closes the connection of somebody who floods it with requests', async () => {
    const { url } = await startHttp();
    expect((await flood(url, 8_000)).length).toBeLessThan(6_000);
  });

  it('[G18] answers 429 where a proxy brings the flood, and leaves others alone', async () => {
    const { url } = await startHttp(['127.0.0.1']);
    const statuses = await flood(url, 5_000, 'X-Forwarded-For: 192.0.2.9\r\n');
    expect(new Set(statuses)).toEqual(new Set(['404', '429']));
    const response = await fetch(`${url}/nothing`, { headers: { 'x-forwarded-for': '192.0.2.10' } });
    expect(response.status).toBe(404);
  });

  it('[C4] answers an error of ours with its entry in the table', async () => {
    const { url } = await startHttp();
    const response = await fetch(`${url}/missing`);
    expect(response.status).toBe(404);
    const { reason: message, statusCode } = errors['no-such-record'];
    const correlationId = expect.stringMatching(/^[\w-]{8}$/);
    expect(await response.json()).toEqual({
      error: { code: 'no-such-record', message, statusCode, correlationId },
    });
  });

  it('[C4] says nothing about an error that nobody expected', async () => {
    const { url } = await startHttp();
    const response = await fetch(`${url}/broken`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/secret|SELECT|sqlite|http\.test/);
  });

  it('[C6] does not say again what stands in an address that it cannot read', async () => {
    const { url } = await startHttp();
    const response = await fetch(`${url}/%zz?token=secret`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: {
        code: 'bad-request',
        message: 'This is no valid address.',
        correlationId: expect.any(String),
      },
    });
  });

  it('[C6] answers and logs an error by the same correlation id', async () => {
    const { url, log } = await startHttp();
    for (const { path, level } of [
      { path: '/missing', level: 'warn' },
      { path: '/broken', level: 'error' },
    ]) {
      const response = await fetch(url + path);
      const { error } = (await response.json()) as { error: { correlationId: string } };
      expect(log.lines.at(-1)).toMatchObject({
        level,
        fields: { route: path, request: error.correlationId },
      });
    }
  });

  it.each([
    ['too large', 413, 'x'.repeat(70_000)],
    ['not JSON', 400, '{"a":'],
  ])('[C4] refuses a body that is %s without showing the inside', async (_what, status, body) => {
    const { url } = await startHttp();
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/echo`, { method: 'POST', headers, body });
    expect(response.status).toBe(status);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'bad-request' } });
    expect(text).not.toMatch(/node_modules|at .*\.js/);
  });

  it('gives the port back when it is closed', async () => {
    const { http, url } = await startHttp();
    await http.close();
    await expect(fetch(`${url}/missing`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });
});
