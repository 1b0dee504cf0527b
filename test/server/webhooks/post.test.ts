import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isPublic } from '../../../server/webhooks/addresses.ts';
import { type PostOptions, post } from '../../../server/webhooks/post.ts';
import { Receiver } from '../../helpers/receiver.ts';

const delivery = { id: 1, eventId: 'e', event: 'realtime:room:created', body: '{"data":{}}', createdAt: 0 };
const options: PostOptions = { secret: 'x'.repeat(32), timeoutMs: 10_000, privateHosts: ['127.0.0.1'] };
const never = new AbortController().signal;

describe('[H5] an address', () => {
  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    'fe80::1',
    'fc00::1',
    'fd12:3456::1',
    'ff02::1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::1',
    '2001::1',
    '2001:db8::1',
    'localhost',
    '',
  ])('%j is not public', (address) => expect(isPublic(address)).toBe(false));

  it.each(['8.8.8.8', '172.15.0.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%j is public',
    (address) => expect(isPublic(address)).toBe(true),
  );
});

describe('a request', () => {
  it.each(['localhost', '127.0.0.1', '[::1]', '127.1', '0x7f000001', '2130706433', 'LOCALHOST'])(
    '[H5] to %s goes nowhere unless that is allowed by name',
    async (host) => {
      const receiver = await Receiver.start();
      const url = receiver.url.replace('127.0.0.1', host);
      const outcome = await post(url, delivery, { ...options, privateHosts: ['elsewhere.example'] }, never);
      expect(outcome).toEqual({ kind: 'unanswered', error: expect.stringContaining('private address') });
      expect(receiver.taken).toEqual([]);
    },
  );

  it('[H5] goes to a private host that is allowed by name', async () => {
    const receiver = await Receiver.start();
    const url = receiver.url.replace('127.0.0.1', 'localhost');
    expect(await post(url, delivery, { ...options, privateHosts: ['localhost'] }, never)).toEqual({
      kind: 'delivered',
    });
    expect(receiver.taken).toHaveLength(1);
  });

  it('[H5] follows no redirect', async () => {
    const [receiver, elsewhere] = [await Receiver.start(), await Receiver.start()];
    receiver.answer = () => 307;
    receiver.headers = { location: elsewhere.url };
    expect(await post(receiver.url, delivery, options, never)).toMatchObject({
      kind: 'refused',
      error: 'answered with 307',
    });
    expect(elsewhere.taken).toEqual([]);
  });

  it('honours Retry-After, within reason', async () => {
    const receiver = await Receiver.start();
    receiver.answer = () => 429;
    for (const [header, expected] of [
      ['2', 2_000],
      ['999999', 3_600_000],
      ['soon', 0],
    ] as const) {
      receiver.headers = { 'retry-after': header };
      expect(await post(receiver.url, delivery, options, never)).toMatchObject({ retryAfterMs: expected });
    }
  });

  it('ends when nobody answers, and when an answer has no end', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/endless') {
        response.writeHead(200);
        response.write('x');
      }
    }).listen(0, '127.0.0.1');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    expect(await post(`${url}/endless`, delivery, options, never)).toEqual({ kind: 'delivered' });
    expect(await post(`${url}/silent`, delivery, { ...options, timeoutMs: 100 }, never)).toMatchObject({
      kind: 'unanswered',
    });
    const stopping = new AbortController();
    const ended = post(`${url}/silent`, delivery, options, stopping.signal);
    stopping.abort();
    expect(await ended).toMatchObject({ kind: 'unanswered' });
  });
});
