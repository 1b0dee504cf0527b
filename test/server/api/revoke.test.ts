/**
 * Who may say that somebody's rights have changed, and what they hear.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ErrorCode, errors } from '../../../server/errors.ts';
import { TownHall } from '../../helpers/town-hall.ts';
import { until } from '../../helpers/until.ts';

const adminToken = 'a-token-of-the-tests-long-enough';

let townHall: TownHall;
beforeEach(async () => {
  const patient = { 'civicpress.timeout_ms': 20_000 };
  const rarely = { ...patient, 'auth.recheck_seconds': 3600, 'auth.cache_seconds': 3600 };
  townHall = await TownHall.open({ settings: { ...rarely, 'admin.token': adminToken } });
});
afterEach(() => townHall.close());

async function revoke(body: unknown, token: string | null = adminToken) {
  const response = await fetch(`${townHall.url}/api/v1/realtime/revoke`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== null && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as unknown };
}

function refusal(code: ErrorCode) {
  const { reason: message, statusCode } = errors[code];
  const error = expect.objectContaining({ code, message, statusCode });
  return { status: statusCode, body: { error } };
}

it('[A12] POST /api/revoke makes it so at once, and says how many connections it concerned', async () => {
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const token = await townHall.tokenOf('alice');
  const nothing = { checked: 1, demoted: 0, promoted: 0, closed: 0, unanswered: 0 };
  expect(await revoke({ token })).toEqual({ status: 200, body: nothing });

  townHall.civicpress.setRole('alice', 'public');
  expect(await revoke({ recordId: 'noise-bylaw' })).toEqual({
    status: 200,
    body: { ...nothing, demoted: 1 },
  });
  await until('she reads', () => alice.scope === 'readonly');

  townHall.civicpress.revokeSessions('alice');
  expect(await revoke({ token })).toEqual({ status: 200, body: { ...nothing, closed: 1 } });
  await until('the socket is closed', () => alice.closeCodes.includes(4001));
});

it('[A12] POST /api/revoke is for administrators', async () => {
  const body = { userId: '1' };
  expect(await revoke(body, null)).toEqual(refusal('not-authenticated'));
  expect(await revoke(body, 'made.up')).toEqual(refusal('not-authenticated'));
  expect(await revoke(body, await townHall.tokenOf('alice', 'clerk'))).toEqual(
    refusal('administrators-only'),
  );
  expect(await revoke(body, await townHall.tokenOf('root', 'admin'))).toMatchObject({ status: 200 });
});

it.each([
  ['nothing', undefined],
  ['no object', 'alice'],
  ['none of them', {}],
  ['something else', { user: 'alice' }],
  ['two of them', { userId: '1', recordId: 'noise-bylaw' }],
  ['no text', { userId: 1 }],
  ['an empty text', { token: '' }],
  ['what is inherited', { constructor: 'x' }],
  ['a long text', { token: 'x'.repeat(1_025) }],
])('[A12] POST /api/revoke says what is wrong with %s', async (_what, body) => {
  const { status, body: answer } = await revoke(body);
  expect(status).toBe(400);
  expect(answer).toMatchObject({ error: { code: 'bad-request' } });
});

it('[A12] POST /api/revoke takes a record id as strictly as anywhere', async () => {
  expect(await revoke({ recordId: '../../x' })).toEqual(refusal('invalid-document-name'));
});
