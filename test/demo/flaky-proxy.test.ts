import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FlakyProxy, startFlakyProxy } from '../helpers/flaky-proxy.ts';

describe('the flaky proxy', () => {
  let target: Server;
  let proxy: FlakyProxy;

  beforeEach(async () => {
    target = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => response.end(`${request.method} ${request.url} ${Buffer.concat(parts)}`));
    });
    await new Promise<void>((listening) => target.listen(0, '127.0.0.1', listening));
    const address = target.address();
    if (typeof address !== 'object' || !address) throw new Error('no port');
    proxy = await startFlakyProxy(`http://127.0.0.1:${address.port}`);
  });

  afterEach(async () => {
    await proxy.close();
    target.closeAllConnections();
    target.close();
  });

  const get = (path = '/a') => fetch(proxy.url + path, { signal: AbortSignal.timeout(5_000) });

  it('forwards method, path and body, and records the requests', async () => {
    const response = await fetch(`${proxy.url}/a?b=c`, { method: 'PUT', body: 'text' });
    expect(await response.text()).toBe('PUT /a?b=c text');
    expect(proxy.requests).toEqual([{ method: 'PUT', path: '/a?b=c' }]);
  });

  it('answers 500, and recovers', async () => {
    proxy.mode = 'error500';
    expect((await get()).status).toBe(500);
    proxy.mode = 'pass';
    expect((await get()).status).toBe(200);
  });

  it('answers 429 with and without Retry-After', async () => {
    proxy.mode = 'busy429';
    expect((await get()).headers.get('retry-after')).toBeNull();
    proxy.retryAfterSeconds = 7;
    const response = await get();
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
  });

  it('keeps a silent request silent after the mode has changed', async () => {
    proxy.mode = 'silent';
    const held = fetch(`${proxy.url}/held`, { signal: AbortSignal.timeout(300) });
    await expect.poll(() => proxy.requests).toHaveLength(1);
    proxy.mode = 'pass';
    expect((await get()).status).toBe(200);
    await expect(held).rejects.toThrow('timeout');
  });

  it('destroys the socket when it refuses', async () => {
    proxy.mode = 'refuse';
    await expect(get()).rejects.toThrow('fetch failed');
  });

  it('misbehaves for chosen requests only', async () => {
    proxy.mode = 'error500';
    proxy.only = (method, path) => method === 'GET' && path.startsWith('/bad');
    expect((await get('/good')).status).toBe(200);
    expect((await get('/bad')).status).toBe(500);
  });

  it('breaks the connection when the target is down', async () => {
    await new Promise((closed) => target.close(closed));
    await expect(get()).rejects.toThrow('fetch failed');
  });
});
