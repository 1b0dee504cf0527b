/**
 * What somebody learns who asks for documents that they should not know of, by names good and bad.
 */
import { afterEach, expect, it } from 'vitest';
import { errors } from '../../server/errors.ts';
import { Admin } from '../helpers/admin.ts';
import { RecordedLog } from '../helpers/recorded-log.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from './visitor.ts';

let townHall: TownHall;
let log: RecordedLog;
afterEach(() => townHall.close());

async function open(): Promise<void> {
  log = new RecordedLog();
  townHall = await TownHall.open({ log });
}

async function visitor(): Promise<Visitor> {
  return new Visitor(`${townHall.url}/realtime`).entered();
}

const badNames: [string, string][] = [
  ['a path', 'record:../../x'],
  ['a newline', 'record:noise-bylaw\n{"level":"error"}'],
  ['colours of a terminal', 'record:\u001b[31mnoise\u001b[0m'],
  ['a property of every object', '__proto__'],
  ['another one', 'constructor'],
  ['no id', 'record:'],
  ['an accent', 'record:réglement'],
  ['the same accent in two characters', 'record:re\u0301glement'],
  ['letters of full width', 'record:ｎｏｉｓｅ'],
  ['a right-to-left mark', 'record:noise\u202e'],
  ['an id that is too long', `record:${'x'.repeat(129)}`],
  ['another case', 'Record:noise-bylaw'],
  ['a room type that there is not', 'user:1'],
  ['two names', 'record:a:record:b'],
  ['an empty session', 'record:noise-bylaw\0'],
  ['a session that is none', 'record:noise-bylaw\0a b'],
  ['a session that is too long', `record:noise-bylaw\0${'x'.repeat(129)}`],
  ['two sessions', 'record:noise-bylaw\0one\0two'],
];

it.each(badNames)('[A18] refuses %s for a name unread, and logs none of it', async (_what, name) => {
  await open();
  const somebody = await visitor();
  somebody.authenticate(name, await townHall.tokenOf('alice'));
  await until('it is answered', () => somebody.frames > 0);
  expect(somebody.denials).toEqual([errors['invalid-document-name'].reason]);
  expect(townHall.wire.requests).toEqual([]);
  expect(townHall.server.rooms()).toEqual([]);
  // The name, or what is in it beside letters, as it would look in a line.
  const logged = JSON.stringify(log.lines);
  expect(logged).not.toContain(JSON.stringify(name).slice(1, -1));
  expect(logged).not.toContain(name);
});

it('[A18] closes the socket at a name of 3 MB, and at one of 20 MB', async () => {
  await open();
  for (const [size, code] of [
    [3_000_000, errors['too-much-unauthenticated'].closeCode],
    [20_000_000, 1009],
  ] as const) {
    const somebody = await visitor();
    somebody.authenticate(`record:${'x'.repeat(size)}`);
    expect((await somebody.sentAway()).code).toBe(code);
  }
  expect(townHall.wire.requests).toEqual([]);
});

it('[A18] takes a name with a session, as providers that share a document on one socket have it', async () => {
  await open();
  const somebody = await visitor();
  somebody.authenticate('record:noise-bylaw\0k3j9x2', await townHall.tokenOf('alice'));
  await until('she is in', () => townHall.server.rooms()[0]?.connections === 1);
});

/** What was asked of CivicPress, whatever the record is called. */
const asked = (recordId: string) =>
  townHall.wire.requests.map(({ method, path }) => `${method} ${path.replaceAll(recordId, 'ID')}`);

it('[A18] a record that is hidden from a reader looks like one that is missing, at the door', async () => {
  await open();
  await townHall.createDraftOnly('secret-plan', 'Not for everybody.\n');
  const rita = await townHall.tokenOf('rita', 'public');
  await (await townHall.joinWith('noise-bylaw', rita)).synced();
  const seen = [];
  for (const recordId of ['secret-plan', 'never-made', 'secret-plan', 'never-made']) {
    townHall.wire.requests.length = 0;
    const clerk = townHall.joinWith(recordId, rita);
    const reason = await clerk.refused();
    seen.push({ reason, codes: clerk.closeCodes, asked: asked(recordId) });
  }
  expect(seen[0]).toEqual({
    reason: errors['no-such-record'].reason,
    codes: [],
    asked: ['GET /api/v1/records/ID'],
  });
  expect(seen).toEqual(Array(4).fill(seen[0]));
});

it('[A18] and so at the admin routes', async () => {
  await open();
  await townHall.createDraftOnly('secret-plan', 'Not for everybody.\n');
  const rita = await townHall.tokenOf('rita', 'public');
  await new Admin(townHall.url, 'noise-bylaw', rita).get('versions');
  const seen = [];
  for (const recordId of ['secret-plan', 'never-made', 'secret-plan', 'never-made']) {
    townHall.wire.requests.length = 0;
    const { status, body } = await new Admin(townHall.url, recordId, rita).get('versions');
    seen.push({ status, error: { ...(body.error as object), correlationId: '' }, asked: asked(recordId) });
  }
  expect(seen[0]?.status).toBe(404);
  expect(seen[0]?.asked).toEqual(['GET /api/v1/records/ID']);
  expect(seen).toEqual(Array(4).fill(seen[0]));
});
