/**
 * What happens to somebody who is in when CivicPress changes its mind.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { errors } from '../../server/errors.ts';
import type { Clerk } from '../helpers/clerk.ts';
import { Editor } from '../helpers/editor.ts';
import { RecordedLog } from '../helpers/recorded-log.ts';
import { TownHall, type TownHallOptions } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

/** A machine with much to do takes its time. */
const patient = { 'civicpress.timeout_ms': 20_000 };
/** Each second, as short as it can be. */
const often = { ...patient, 'auth.recheck_seconds': 1 };
/** Never in a test. */
const never = {
  ...patient,
  'auth.recheck_seconds': 3600,
  'auth.stale_seconds': 3600,
  'auth.cache_seconds': 3600,
};

const open = async (options: TownHallOptions) => {
  townHall = await TownHall.open(options);
};

const pathsAsked = () => townHall.wire.requests.map(({ path }) => path.replace('/api/v1', ''));

/** What somebody sees who comes in now. */
async function textNow(recordId = 'noise-bylaw'): Promise<string> {
  return (await (await townHall.join(recordId, 'fresh', 'public')).synced()).text;
}

const closedWith = (clerk: Clerk, code: number) =>
  until(`the socket is closed with ${code}`, () => clerk.closeCodes.includes(code));

it('[A11] asks about everybody once a period, one request for each token, whatever it has open', async () => {
  await open({ settings: often });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const token = await townHall.tokenOf('alice');
  for (const id of ['privacy-policy', 'zoning-bylaw']) {
    await townHall.joinBeside(alice, id, token).synced();
  }
  townHall.wire.requests.length = 0;
  const start = performance.now();
  await until('three periods have passed', () => pathsAsked().length >= 3);
  expect(performance.now() - start).toBeGreaterThan(1_900);
  expect(new Set(pathsAsked())).toEqual(new Set(['/records/any/lock']));
  alice.type('Noise', ' UNDISTURBED');
  await alice.saved();
  expect(alice.closeCodes).toEqual([]);
});

it('[A11] asks nothing once everybody has left', async () => {
  await open({ settings: often });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  await until('she was checked', () => pathsAsked().filter((path) => path.endsWith('lock')).length > 1);
  alice.leave();
  await until('she is gone', () => townHall.server.rooms()[0]?.connections === 0);
  townHall.wire.requests.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(pathsAsked()).toEqual([]);
});

it('[A14] makes somebody a reader in place who may no longer edit, and takes nothing after that', async () => {
  await open({ settings: often });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', ' BEFORE');
  await alice.saved();

  townHall.civicpress.setRole('alice', 'public');
  expect(await alice.noticed('rights-changed')).toEqual({
    access: 'read',
    reason: errors['not-allowed'].reason,
  });
  await until('her provider knows', () => alice.scope === 'readonly');
  alice.type('Noise', ' AFTER');
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  bob.type('Noise', ' bob');
  await alice.sees('bob');
  expect(bob.text).toContain('BEFORE');
  expect(bob.text).not.toContain('AFTER');
  expect(alice.provider.unsyncedChanges).toBeGreaterThan(0);
  expect(alice.closeCodes).toEqual([]);
});

it('[A14] leaves the other records of a user alone whose right ends with one type', async () => {
  await open({
    settings: never,
    civicpress: { roleRecordTypes: { planner: ['bylaw'], writer: ['policy'] } },
  });
  const token = await townHall.tokenOf('paula', 'planner');
  const onBylaw = await townHall.joinWith('noise-bylaw', token).synced();
  const onPolicy = await townHall.joinBeside(onBylaw, 'privacy-policy', token).synced();
  expect([onBylaw.scope, onPolicy.scope]).toEqual(['read-write', 'readonly']);
  townHall.civicpress.setRole('paula', 'public');
  expect(await townHall.server.revoke({ token })).toMatchObject({ checked: 2, demoted: 1, closed: 0 });
  await until('she reads', () => onBylaw.scope === 'readonly');
  expect(onPolicy.notices.filter(({ event }) => event === 'rights-changed')).toEqual([]);
});

it('[A14] brings in what a reader had typed when they may edit', async () => {
  await open({ settings: often });
  const rita = await (await townHall.join('noise-bylaw', 'rita', 'public')).synced();
  rita.type('Noise', ' EARLY');
  await until('it was refused', () => rita.provider.unsyncedChanges > 0);
  townHall.civicpress.setRole('rita', 'clerk');
  await closedWith(rita, errors['may-edit-now'].closeCode);
  await until('she may edit', () => rita.scope === 'read-write');
  rita.type('EARLY', ' LATE');
  await rita.saved();
  expect(await textNow()).toContain('EARLY LATE');
});

it.each<[string, (username: string) => unknown]>([
  ['logs out', async (name) => townHall.logOut(await townHall.tokenOf(name))],
  ['loses the session', (name) => townHall.civicpress.revokeSessions(name)],
  ['is deleted', (name) => townHall.civicpress.deleteUser(name)],
])('[A13] closes the socket of somebody who %s, and takes nothing after that', async (_what, end) => {
  await open({ settings: often });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const rita = await (await townHall.join('noise-bylaw', 'rita', 'public')).synced();
  await end('alice');
  await end('rita');
  for (const somebody of [alice, rita]) {
    await closedWith(somebody, 4001);
    expect(await somebody.refused()).toBe(errors['not-authenticated'].reason);
  }
  alice.type('Noise', ' AFTER');
  expect(await textNow()).not.toContain('AFTER');
  expect(alice.provider.unsyncedChanges).toBeGreaterThan(0);
});

it('[A13] takes nothing of what was on its way when the session ended, and acknowledges nothing', async () => {
  await open({ settings: never });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  townHall.civicpress.revokeSessions('alice');
  const { userId } = await idOf('alice');
  let typed = 0;
  const typing = setInterval(() => {
    alice.type('Noise', String(typed));
    typed += 1;
  }, 1);
  await until('she typed some', () => typed > 20);
  expect(await townHall.server.revoke({ userId })).toMatchObject({ closed: 1 });
  const taken = townHall.server.hocuspocus.documents.get('record:noise-bylaw')?.getXmlFragment('default');
  const textThen = String(taken);
  await closedWith(alice, 4001);
  await until('she typed more', () => typed > 60);
  clearInterval(typing);
  expect(String(taken)).toBe(textThen);
  expect(alice.provider.unsyncedChanges).toBeGreaterThan(0);
});

it('[A13] closes the socket of somebody who may not see the record any longer; the provider gets the others', async () => {
  await open({ settings: often });
  const token = await townHall.tokenOf('rita', 'public');
  const onBylaw = await townHall.joinWith('noise-bylaw', token).synced();
  const onPolicy = await townHall.joinBeside(onBylaw, 'privacy-policy', token).synced();
  await rm(join(townHall.folder, 'records', 'noise-bylaw.md'));
  await closedWith(onBylaw, 4004);
  expect(await onBylaw.refused()).toBe(errors['no-such-record'].reason);
  await until('the other one is back', () => onPolicy.provider.isSynced && onPolicy.closeCodes.length > 0);
  expect(onPolicy.refusals).toEqual([]);
});

it('[A15] lets who is in stay while CivicPress does not answer, for a time, and says why', async () => {
  await open({ settings: { ...often, 'auth.stale_seconds': 4 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await townHall.tokenOf('bob');
  townHall.wire.mode = 'error500';
  const start = performance.now();
  const newcomer = townHall.joinWith('noise-bylaw', bob);
  expect(await newcomer.refused()).toBe(errors['civicpress-unavailable'].reason);
  alice.type('Noise', ' STILL');
  await alice.saved();
  expect(alice.closeCodes).toEqual([]);
  await closedWith(alice, 4503);
  expect(performance.now() - start).toBeGreaterThan(2_500);
  expect(await alice.refused()).toBe(errors['civicpress-unavailable'].reason);

  townHall.wire.mode = 'pass';
  await until('both are in', () => alice.provider.isSynced && newcomer.provider.isSynced);
});

it('[A15] takes a busy CivicPress for one that does not answer, and asks it nothing meanwhile', async () => {
  await open({ settings: often });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  townHall.wire.mode = 'busy429';
  townHall.wire.retryAfterSeconds = 3;
  townHall.wire.requests.length = 0;
  await until('it was asked', () => pathsAsked().length > 0);
  const start = performance.now();
  townHall.wire.mode = 'pass';
  await until('it was asked again', () => pathsAsked().length > 1);
  expect(performance.now() - start).toBeGreaterThan(2_500);
  expect(alice.closeCodes).toEqual([]);
});

it('[A16] takes a new token of the same user in place: the old one may end', async () => {
  await open({ settings: never });
  const old = await townHall.tokenOf('alice');
  const alice = await townHall.joinWith('noise-bylaw', old).synced();
  const renewed = await townHall.signIn('alice');
  alice.provider.configuration.token = renewed;
  connectionOf(alice).requestToken();
  await until(
    'the new one counts',
    async () => (await townHall.server.revoke({ token: renewed })).checked === 1,
  );
  await townHall.logOut(old);
  expect(await townHall.server.revoke({ token: old })).toMatchObject({ checked: 0 });
  alice.type('Noise', ' ON');
  await alice.saved();
  expect(alice.closeCodes).toEqual([]);
  await townHall.logOut(renewed);
  expect(await townHall.server.revoke({ token: renewed })).toMatchObject({ checked: 1, closed: 1 });
  await closedWith(alice, 4001);
});

it('[A16] takes the rights that come with a new token', async () => {
  await open({ settings: never });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  townHall.civicpress.setRole('alice', 'public');
  alice.provider.configuration.token = await townHall.signIn('alice', 'public');
  await alice.provider.sendToken();
  expect(await alice.noticed('rights-changed')).toMatchObject({ access: 'read' });
  expect(alice.closeCodes).toEqual([]);
});

it.each<[string, keyof typeof errors, () => Promise<string>]>([
  ['of somebody else', 'another-user', () => townHall.tokenOf('bob')],
  ['that CivicPress does not know', 'not-authenticated', async () => 'made.up'],
  ['that cannot be one', 'not-authenticated', async () => 'line\nbreak'],
])('[A16] closes the socket at a token %s', async (_what, code, tokenOf) => {
  await open({ settings: never });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const before = await townHall.tokenOf('alice');
  const { configuration } = alice.provider;
  configuration.token = await tokenOf();
  await alice.provider.sendToken();
  await closedWith(alice, errors[code].closeCode);
  configuration.token = before;
  await until('she comes back as herself', () => alice.provider.isSynced);
});

it('[A16] goes on with the token before when CivicPress cannot say what the new one is', async () => {
  await open({ settings: never });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const log = alice.provider.configuration;
  log.token = await townHall.signIn('alice');
  townHall.wire.mode = 'error500';
  townHall.wire.requests.length = 0;
  await alice.provider.sendToken();
  await until('CivicPress was asked', () => townHall.wire.requests.length > 0);
  alice.type('Noise', ' ON');
  await alice.saved();
  expect(alice.closeCodes).toEqual([]);
  townHall.wire.mode = 'pass';
});

it('[A12] acts at once on a revocation, of a user, a token or a record, and says what came of it', async () => {
  await open({ settings: never });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  const rita = await (await townHall.join('privacy-policy', 'rita', 'public')).synced();
  const { revoke } = townHall.server;
  const nothing = { checked: 1, demoted: 0, promoted: 0, closed: 0, unanswered: 0 };

  const { userId } = await idOf('alice');
  expect(await revoke({ userId })).toEqual(nothing);
  townHall.civicpress.setRole('alice', 'public');
  expect(await revoke({ userId })).toEqual({ ...nothing, demoted: 1 });
  expect(await revoke({ userId })).toEqual(nothing);

  townHall.civicpress.revokeSessions('bob');
  expect(await revoke({ token: await townHall.tokenOf('bob') })).toEqual({ ...nothing, closed: 1 });

  await rm(join(townHall.folder, 'records', 'privacy-policy.md'));
  expect(await revoke({ recordId: 'noise-bylaw' })).toEqual(nothing);
  expect(await revoke({ recordId: 'privacy-policy' })).toEqual({ ...nothing, closed: 1 });
  expect(await revoke({ userId: 'nobody' })).toEqual({ ...nothing, checked: 0 });

  await closedWith(bob, 4001);
  await closedWith(rita, 4004);
  expect(alice.closeCodes).toEqual([]);
});

it('[A12] says when CivicPress did not answer, and asks again by itself', async () => {
  await open({ settings: never });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const { userId } = await idOf('alice');
  townHall.civicpress.setRole('alice', 'public');
  townHall.wire.mode = 'error500';
  expect(await townHall.server.revoke({ userId })).toMatchObject({ checked: 1, demoted: 0, unanswered: 1 });
  townHall.wire.mode = 'pass';
  await alice.noticed('rights-changed');
});

it('[A12] believes nothing from before a revocation of somebody who comes back', async () => {
  await open({ settings: never });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const { userId } = await idOf('alice');
  alice.leave();
  await until('she is gone', () => townHall.server.rooms()[0]?.connections === 0);
  townHall.civicpress.setRole('alice', 'public');
  await townHall.server.revoke({ userId });
  expect((await (await townHall.join('noise-bylaw')).synced()).scope).toBe('readonly');
});

it('[A12] counts for somebody who is just coming in', async () => {
  const loading = Promise.withResolvers<void>();
  let isAsked = false;
  await open({
    settings: never,
    records: (real) => ({
      read: async (recordId) => {
        isAsked = true;
        await loading.promise;
        return real.read(recordId);
      },
      writeDraft: (...draft) => real.writeDraft(...draft),
    }),
  });
  const alice = await townHall.join('noise-bylaw');
  const bob = await townHall.join('noise-bylaw', 'bob');
  await until('both wait for the document', () => isAsked && alice.scope && bob.scope);
  townHall.civicpress.setRole('alice', 'public');
  townHall.civicpress.revokeSessions('bob');
  const outcomes = [
    await townHall.server.revoke({ token: await townHall.tokenOf('alice') }),
    await townHall.server.revoke({ token: await townHall.tokenOf('bob') }),
  ];
  expect(outcomes).toMatchObject([{ demoted: 1 }, { closed: 1 }]);
  loading.resolve();
  await closedWith(bob, 4001);
  await alice.synced();
  expect(await alice.noticed('rights-changed')).toMatchObject({ access: 'read' });
  alice.type('Noise', ' AFTER');
  expect(await textNow()).not.toContain('AFTER');
});

it('[A12] tells no token in the log, whatever happens', async () => {
  const log = new RecordedLog();
  await open({ settings: often, log });
  const tokens = [await townHall.tokenOf('alice'), await townHall.signIn('alice'), 'made.up.token'];
  const alice = await townHall.joinWith('noise-bylaw', tokens[0] as string).synced();
  for (const token of tokens.slice(1)) {
    alice.provider.configuration.token = token;
    await alice.provider.sendToken();
  }
  await closedWith(alice, 4001);
  townHall.civicpress.revokeSessions('alice');
  await townHall.server.revoke({ token: tokens[1] as string });
  expect(log.lines.length).toBeGreaterThan(0);
  const text = JSON.stringify(log.lines);
  for (const token of tokens) expect(text).not.toContain(token);
});

it('[A13] [A14] holds for CivicPress’ own editor: a reader who types is told by a code, an ended session as well', async () => {
  await open({ settings: never });
  const editorOf = async (username: string) => {
    const token = await townHall.tokenOf(username);
    return new Editor({ serverUrl: townHall.url, recordId: 'noise-bylaw', token });
  };
  const [alice, bob] = [await editorOf('alice'), await editorOf('bob')];
  try {
    await Promise.all([alice.synced(), bob.synced()]);
    townHall.civicpress.setRole('alice', 'public');
    townHall.civicpress.revokeSessions('bob');
    expect(await townHall.server.revoke({ recordId: 'noise-bylaw' })).toMatchObject({
      demoted: 1,
      closed: 1,
    });
    expect(await bob.closed()).toMatchObject({ code: 4001 });
    expect(alice.closes).toEqual([]);
    alice.type('Noise', ' AFTER');
    expect(await alice.closed()).toMatchObject({ code: 4003 });
    expect(await textNow()).not.toContain('AFTER');
  } finally {
    alice.leave();
    bob.leave();
  }
});

/** CivicPress' id of somebody who is in. */
async function idOf(name: string): Promise<{ userId: string }> {
  const connections = [...townHall.server.hocuspocus.documents.values()].flatMap((d) => d.getConnections());
  const session = await until(`${name} is in`, () =>
    connections.map(({ context }) => context.session).find((known) => known?.user.name === name),
  );
  return { userId: session.user.id };
}

function connectionOf(clerk: Clerk) {
  const document = townHall.server.hocuspocus.documents.get(clerk.provider.configuration.name);
  const connection = document?.getConnections()[0];
  if (!connection) throw new Error('nobody is in');
  return connection;
}
