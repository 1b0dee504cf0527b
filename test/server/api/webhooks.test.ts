/**
 * What the API says of webhooks.
 */
import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { type ApiOptions, apiRoutes } from '../../../server/api/api.ts';
import { Callers } from '../../../server/caller.ts';
import { RealtimeError } from '../../../server/errors.ts';
import { createHttp } from '../../../server/http.ts';
import type { Identity } from '../../../server/ports.ts';
import { RecordedLog } from '../../helpers/recorded-log.ts';

const token = 'a-token-of-twenty-four-characters';

/** Knows nobody. */
const identity = {
  userOf: async () => {
    throw new RealtimeError('not-authenticated');
  },
} as unknown as Identity;

function openHttp(options: { webhooks: ApiOptions['webhooks']; token: string | undefined }) {
  const httpServer = createServer();
  const log = new RecordedLog();
  const addressOf = () => '127.0.0.1';
  const callers = new Callers({ identity, adminToken: options.token, addressOf });
  const api = { webhooks: options.webhooks, identity, callers, entrance: { addressOf }, log };
  const http = createHttp({
    httpServer,
    plugins: [apiRoutes(api as unknown as ApiOptions)],
    pace: { guard: (handle) => handle },
    log,
  });
  onTestFinished(() => void httpServer.close());
  const ask = (method: 'GET' | 'POST', path: string, bearer: string | null = token) =>
    http.inject({
      method,
      url: `/api/v1/realtime/webhooks${path}`,
      ...(bearer !== null && { headers: { authorization: `Bearer ${bearer}` } }),
    });
  return { ask };
}

const letters = [3, 7, 9].map((id) => ({
  id,
  eventId: `event-${id}`,
  event: 'realtime:room:created',
  target: 'https://clerks.example.org/hook',
  room: 'record:noise-bylaw',
  body: '{}',
  createdAt: 1,
  deadAt: 2,
  error: 'answered with 418',
}));

const webhooks = {
  status: async () => ({ pending: 3, dead: 1, failing: [] }),
  deadLetters: async (after: number, limit: number) => letters.filter(({ id }) => id > after).slice(0, limit),
  resend: async (id: number) => id === 7,
};

it('[H4] are for administrators', async () => {
  const routes = [
    ['GET', ''],
    ['GET', '/dead-letters'],
    ['POST', '/dead-letters/7/resend'],
  ] as const;
  for (const [method, path] of routes) {
    for (const bearer of [null, 'another-token-of-somebody-else', 'undefined']) {
      for (const known of [token, undefined]) {
        const { ask } = openHttp({ webhooks, token: known });
        expect((await ask(method, path, bearer)).statusCode).toBe(401);
      }
    }
    const { ask } = openHttp({ webhooks, token });
    expect((await ask(method, path)).statusCode).toBeLessThan(300);
  }
});

it('[H4] say what waits, and send again what there is', async () => {
  const { ask } = openHttp({ webhooks, token });
  expect((await ask('GET', '')).json()).toEqual({ pending: 3, dead: 1, failing: [] });
  expect((await ask('GET', '/dead-letters')).json()).toEqual({ deadLetters: letters, next: null });
  expect((await ask('GET', '/dead-letters?limit=2')).json()).toEqual({
    deadLetters: letters.slice(0, 2),
    next: '7',
  });
  expect((await ask('GET', '/dead-letters?limit=2&after=7')).json()).toEqual({
    deadLetters: letters.slice(2),
    next: null,
  });
  for (const query of ['limit=0', 'limit=501', 'after=-1', 'after=x'])
    expect((await ask('GET', `/dead-letters?${query}`)).statusCode).toBe(400);
  expect((await ask('POST', '/dead-letters/7/resend')).json()).toEqual({ resent: 7 });
  for (const id of ['8', '0', '-7', '7.0', 'x', '9'.repeat(30)]) {
    expect((await ask('POST', `/dead-letters/${id}/resend`)).statusCode).toBe(404);
  }
});

it('have nothing to say where none are configured', async () => {
  const { ask } = openHttp({ webhooks: undefined, token });
  expect((await ask('GET', '')).json()).toEqual({ pending: 0, dead: 0, failing: [] });
  expect((await ask('GET', '/dead-letters')).json()).toEqual({ deadLetters: [], next: null });
  expect((await ask('POST', '/dead-letters/7/resend')).statusCode).toBe(404);
});
