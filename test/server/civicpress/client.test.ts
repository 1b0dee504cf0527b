import { describe, expect, it } from 'vitest';
import { CivicPressClient, type Request } from '../../../server/civicpress/client.ts';
import type { ErrorCode } from '../../../server/errors.ts';
import { until } from '../../helpers/until.ts';
import { always, scriptedCivicPress } from './scripted-civicpress.ts';

const get: Request = { method: 'GET', path: '/records/a' };
const put: Request = { method: 'PUT', path: '/records/a/draft', body: {} };
const failure = (code: ErrorCode, more: object = {}) => expect.objectContaining({ code, ...more });
const ok = JSON.stringify({ success: true, data: 'yes' });

describe('a request', () => {
  it('carries its token, its body and the editor’s address', async () => {
    const { client, requests } = await scriptedCivicPress(always(200, ok));
    await client.send({ ...put, token: 'abc', forwardedFor: '192.0.2.7' });
    const headers = {
      authorization: 'Bearer abc',
      'content-type': 'application/json',
      'x-forwarded-for': '192.0.2.7',
    };
    expect(requests).toMatchObject([{ method: 'PUT', url: '/api/v1/records/a/draft', headers }]);
  });

  it('carries none of them when there is none', async () => {
    const { client, requests } = await scriptedCivicPress(always(200, ok));
    await client.send(get);
    for (const name of ['authorization', 'content-type', 'x-forwarded-for']) {
      expect(requests[0]?.headers).not.toHaveProperty(name);
    }
  });
});

describe('an answer', () => {
  it('[M9] is refused when it is not UTF-8, and is not repaired', async () => {
    const body = Buffer.from('{"success":true,"data":"Stra\xdfe"}', 'latin1');
    const { client } = await scriptedCivicPress(always(200, body));
    await expect(client.send(get)).rejects.toEqual(failure('unreadable-record'));
  });

  it.each([
    ['a success', 200, ok, { data: 'yes', errorCode: undefined }],
    ['an error object', 404, '{"success":false,"error":{"code":"X","message":"no"}}', { errorCode: 'X' }],
    ['an error that is text', 401, '{"success":false,"error":"Invalid token"}', { errorCode: undefined }],
    ['an error without a code', 400, '{"success":false,"error":{"message":"no"}}', { errorCode: undefined }],
    ['an unknown route', 404, '{"error":{"code":"NOT_FOUND"},"path":"/"}', { errorCode: 'NOT_FOUND' }],
    ['plain text', 404, 'Cannot GET /', { errorCode: undefined }],
    ['nothing', 403, '', { errorCode: undefined }],
  ])('is understood when it is %s', async (_what, status, body, expected) => {
    const { client } = await scriptedCivicPress(always(status, body));
    expect(await client.send(get)).toEqual({ data: undefined, status, ...expected });
  });

  it.each([
    ['a success that is not JSON', 200, '<h1>Welcome</h1>'],
    ['an error of the server', 500, '{"success":false,"error":{"code":"INTERNAL_ERROR"}}'],
    ['an error of a proxy', 502, 'Bad Gateway'],
  ])('is none when it is %s', async (_what, status, body) => {
    const { client } = await scriptedCivicPress(always(status, body));
    const context = expect.objectContaining({ method: 'GET', path: '/records/a' });
    await expect(client.send(get)).rejects.toEqual(failure('civicpress-unavailable', { context }));
  });

  it('is none when it leads elsewhere: a token is not carried to another host', async () => {
    const { client } = await scriptedCivicPress(always(302, '', { location: 'http://192.0.2.7/' }));
    await expect(client.send(get)).rejects.toEqual(failure('civicpress-unavailable'));
  });
});

describe('silence', () => {
  it('ends with the time that an answer may take', async () => {
    const { client, requests } = await scriptedCivicPress(() => undefined, 300);
    const start = performance.now();
    await expect(client.send(get)).rejects.toEqual(failure('civicpress-unavailable'));
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(requests).toHaveLength(3);
  });

  it('ends with the answer to a second try', async () => {
    const { client, requests } = await scriptedCivicPress((response, nth) => {
      if (nth === 2) response.end(ok);
    }, 900);
    expect(await client.send(get)).toMatchObject({ data: 'yes' });
    expect(requests).toHaveLength(2);
  });

  it('also ends when an answer began and does not go on', async () => {
    const { client } = await scriptedCivicPress((response) => void response.write('{"success":'), 150);
    await expect(client.send(get)).rejects.toEqual(failure('civicpress-unavailable'));
  });

  it('does not make a change be sent twice', async () => {
    const { client, requests } = await scriptedCivicPress(() => undefined, 150);
    await expect(client.send(put)).rejects.toEqual(failure('civicpress-unavailable'));
    expect(requests).toHaveLength(1);
  });

  it('is not what a refused connection is: that one counts at once', async () => {
    const client = new CivicPressClient({ url: 'http://127.0.0.1:1', timeoutMs: 60_000 });
    await expect(client.send(get)).rejects.toEqual(failure('civicpress-unavailable'));
  });
});

describe('a 429', () => {
  const busy = (headers: Record<string, string> = {}) => always(429, 'Too many requests', headers);
  const retryAfterMsOf = async (retryAfter?: string) => {
    const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    const { client } = await scriptedCivicPress(busy(headers));
    const error: unknown = await client.send(get).catch((thrown: unknown) => thrown);
    expect(error).toEqual(failure('civicpress-busy'));
    return (error as { retryAfterMs: number }).retryAfterMs;
  };

  it('says for how many seconds', async () => {
    expect(await retryAfterMsOf('7')).toBe(7_000);
  });

  it('says until when', async () => {
    const ms = await retryAfterMsOf(new Date(Date.now() + 60_000).toUTCString());
    expect(ms).toBeGreaterThan(58_000);
    expect(ms).toBeLessThanOrEqual(60_000);
  });

  it.each([undefined, '', 'soon'])('is taken for a second when it says %j', async (retryAfter) => {
    expect(await retryAfterMsOf(retryAfter)).toBe(1_000);
  });

  it('is over when its date is', async () => {
    expect(await retryAfterMsOf(new Date(0).toUTCString())).toBe(0);
  });

  it.each(['99999999999', 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    'keeps nobody out for ever: %s',
    async (retryAfter) => {
      expect(await retryAfterMsOf(retryAfter)).toBe(15 * 60_000);
    },
  );

  it('is honoured: nothing is sent before it is over, and then it is', async () => {
    const { client, requests } = await scriptedCivicPress((response, nth) => {
      if (nth === 1) response.writeHead(429, { 'retry-after': '1' }).end();
      else response.end(ok);
    });
    await expect(client.send(get)).rejects.toEqual(failure('civicpress-busy'));
    const start = performance.now();
    await expect(client.send(put)).rejects.toEqual(failure('civicpress-busy'));
    expect(requests).toHaveLength(1);
    await until('CivicPress is asked again', () => client.send(get).catch(() => null));
    expect(performance.now() - start).toBeGreaterThan(900);
  });

  it('to /auth holds up /auth only', async () => {
    const { client } = await scriptedCivicPress((response, _nth, { url }) => {
      if (url?.includes('/auth/')) busy({ 'retry-after': '60' })(response, 1, response.req);
      else response.end(ok);
    });
    await expect(client.send({ method: 'GET', path: '/auth/me' })).rejects.toEqual(
      failure('civicpress-busy'),
    );
    expect(await client.send(get)).toMatchObject({ data: 'yes' });
  });

  it('to one editor holds up that editor only', async () => {
    const { client, requests } = await scriptedCivicPress((response, nth) => {
      if (nth === 1) busy({ 'retry-after': '60' })(response, nth, response.req);
      else response.end(ok);
    });
    const me = (forwardedFor: string) => client.send({ method: 'GET', path: '/auth/me', forwardedFor });
    await expect(me('192.0.2.1')).rejects.toEqual(failure('civicpress-busy'));
    await expect(me('192.0.2.1')).rejects.toEqual(failure('civicpress-busy'));
    expect(await me('192.0.2.2')).toMatchObject({ data: 'yes' });
    expect(requests).toHaveLength(2);
  });
});

describe('the pace', () => {
  const left = (remaining: number, reset: number) => ({
    ratelimit: `limit=1000, remaining=${remaining}, reset=${reset}`,
  });

  it('is half of what CivicPress says is left, for the rest of its window', async () => {
    const { client } = await scriptedCivicPress((response, nth) => {
      response.writeHead(200, nth === 1 ? left(500, 900) : left(0, 60)).end(ok);
    });
    expect(client.pauseMs(get)).toBe(0);
    await client.send(get);
    expect(client.pauseMs(get)).toBeGreaterThan(3_500);
    expect(client.pauseMs(get)).toBeLessThanOrEqual(3_600);
    await client.send(get);
    expect(client.pauseMs(get)).toBeGreaterThan(55_000);
    expect(client.pauseMs(get)).toBeLessThanOrEqual(60_000);
  });

  it('[W7] leaves a reserve alone, also when it is all that is left', async () => {
    const { client } = await scriptedCivicPress((response, nth) => {
      response.writeHead(200, nth === 1 ? left(600, 900) : left(150, 900)).end(ok);
    });
    await client.send(get);
    // Two of the 400 that are left beside the reserve.
    expect(client.pauseMs(get, 1 / 5)).toBeGreaterThan(4_400);
    expect(client.pauseMs(get, 1 / 5)).toBeLessThanOrEqual(4_500);
    await client.send(get);
    expect(client.pauseMs(get, 1 / 5)).toBeGreaterThan(890_000);
    expect(client.pauseMs(get)).toBeLessThanOrEqual(12_000);
  });

  it('is that of each counter by itself', async () => {
    const { client } = await scriptedCivicPress((response, _nth, { url }) => {
      response.writeHead(200, url?.includes('/auth/') ? left(1, 900) : left(900, 900)).end(ok);
    });
    await client.send({ method: 'GET', path: '/auth/me' });
    await client.send(get);
    expect(client.pauseMs(get)).toBeLessThanOrEqual(2_000);
    expect(client.pauseMs({ ...get, forwardedFor: '192.0.2.1' })).toBe(0);
  });

  it('is not slowed down by a CivicPress that does not say, or says nonsense', async () => {
    const { client } = await scriptedCivicPress((response) => {
      response.writeHead(200, { ratelimit: 'plenty' }).end(ok);
    });
    await client.send(get);
    expect(client.pauseMs(get)).toBe(0);
  });
});
