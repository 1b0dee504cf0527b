/**
 * Who may use the admin routes, and what they are told when they may not, or ask for what cannot be.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ErrorCode, errors } from '../../../server/errors.ts';
import { Admin, type Answer } from '../../helpers/admin.ts';
import { TownHall } from '../../helpers/town-hall.ts';

const adminToken = 'a token of the tests, long enough'.replaceAll(' ', '-');

let townHall: TownHall;
beforeEach(async () => {
  townHall = await TownHall.open({ settings: { 'admin.token': adminToken } });
});
afterEach(() => townHall.close());

const as = (token: string | null, recordId = 'noise-bylaw') => new Admin(townHall.url, recordId, token);

const asAlice = async (recordId?: string) => as(await townHall.tokenOf('alice'), recordId);

function expectError({ status, body }: Answer, code: ErrorCode): void {
  const { reason: message, statusCode } = errors[code];
  expect(status).toBe(statusCode);
  expect(body).toEqual({ error: { code, message, statusCode, correlationId: expect.any(String) } });
}

const everyRoute: [string, (admin: Admin) => Promise<Answer>][] = [
  ['GET versions', (admin) => admin.get('versions')],
  ['GET versions/1', (admin) => admin.get('versions/1')],
  ['PUT versions/1/name', (admin) => admin.put('versions/1/name', { name: 'Mine' })],
  ['GET compare', (admin) => admin.get('compare?from=1')],
  ['POST versions/1/restore', (admin) => admin.post('versions/1/restore')],
  ['POST snapshot', (admin) => admin.post('snapshot')],
  ['GET authors', (admin) => admin.get('authors')],
  ['POST check', (admin) => admin.post('check')],
];

it.each(everyRoute)('[A10] %s is for those who may edit the record', async (_route, ask) => {
  await (await asAlice()).snapshot();
  expectError(await ask(as(null)), 'not-authenticated');
  expectError(await ask(as('nobody-has-this-token')), 'not-authenticated');
  expectError(await ask(as(await townHall.tokenOf('rita', 'public'))), 'not-allowed');
  expect((await ask(await asAlice())).status).toBe(200);
  expect((await ask(as(adminToken))).status).toBe(200);
});

it('[A10] a record that somebody may not see looks like one that does not exist', async () => {
  await townHall.createDraftOnly('secret-plan', 'Not for everybody.\n');
  const rita = await townHall.tokenOf('rita', 'public');
  for (const recordId of ['secret-plan', 'never-made']) {
    expectError(await as(rita, recordId).get('versions'), 'no-such-record');
  }
});

it('[A10] nobody gets in while CivicPress does not answer, but for the admin token', async () => {
  const alice = await asAlice();
  townHall.wire.mode = 'error500';
  expectError(await alice.get('versions'), 'civicpress-unavailable');
  townHall.wire.mode = 'busy429';
  expectError(await alice.get('versions'), 'civicpress-busy');
  expect((await as(adminToken).get('versions')).status).toBe(200);
});

it('[A10] without an admin token in the configuration none opens anything', async () => {
  await townHall.close();
  townHall = await TownHall.open();
  expectError(await as(adminToken).get('versions'), 'not-authenticated');
  expectError(await as('undefined').get('versions'), 'not-authenticated');
});

it('[C4] what can never be answered is answered 400, with a sentence', async () => {
  const admin = as(adminToken);
  const answers = await Promise.all([
    admin.get('versions/0'),
    admin.get('versions/-1'),
    admin.get('versions/one'),
    admin.get('versions/99999999999999999999'),
    admin.get('versions/1?format=html'),
    admin.get('versions/1?format=yjs&format=markdown'),
    admin.get('compare'),
    admin.get('compare?from=1&to='),
    admin.get('compare?from=1&from=2'),
    admin.post('versions/x/restore'),
  ]);
  for (const { status, body } of answers) {
    expect(status).toBe(400);
    const message = expect.stringMatching(/^["A-Z].+\.$/);
    expect(body).toEqual({
      error: { code: 'bad-request', message, correlationId: expect.any(String) },
    });
  }
});

it('[V8] a name has 1 to 100 characters, and none that controls', async () => {
  const admin = as(adminToken);
  await admin.snapshot();
  const wrong = [
    ...['', '  ', 7, 'x'.repeat(101), 'two\nlines', 'a\u0000b', 'a\u0085b', 'half \ud83d'].map((name) => ({
      name,
    })),
    {},
    'a text',
    [],
  ];
  for (const body of wrong) {
    const answer = await admin.put('versions/1/name', body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: { code: 'bad-request' } });
    expect((await admin.versions())[0]?.name).toBeNull();
  }
  expect((await admin.put('versions/1/name', { name: '🦊'.repeat(100) })).status).toBe(200);
});

it('[A5] what is no record id is refused before anything else; the longest id is one', async () => {
  for (const recordId of ['a b', '..%2F..%2Fetc', '%00', 'x'.repeat(129)]) {
    expectError(await as(null, encodeURI(recordId)).get('versions'), 'invalid-document-name');
  }
  expect((await as(adminToken, 'x'.repeat(128)).get('versions')).body).toEqual({ versions: [] });
});

it('[V8] what is not there is answered 404', async () => {
  const alice = await asAlice();
  for (const answer of [
    await alice.get('versions/3'),
    await alice.get('versions/3?format=yjs'),
    await alice.put('versions/3/name', { name: 'Mine' }),
    await alice.get('compare?from=3'),
    await alice.post('versions/3/restore'),
  ]) {
    expectError(answer, 'no-such-version');
  }
  expectError(await as(adminToken, 'never-made').post('snapshot'), 'no-such-record');
  expect(await (await asAlice()).versions()).toEqual([]);
});
