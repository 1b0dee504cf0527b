/**
 * Who gets in, who may type, and what everybody else is told.
 */
import { afterEach, expect, it } from 'vitest';
import { errors } from '../../server/errors.ts';
import type { FlakyMode } from '../helpers/flaky-proxy.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../server/visitor.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

it('[A1] refuses a token that CivicPress does not know, with a reason', async () => {
  townHall = await TownHall.open();
  const stranger = townHall.joinWith('noise-bylaw', 'deadbeef.deadbeef');
  expect(await stranger.refused()).toBe(errors['not-authenticated'].reason);
  expect(stranger.fragment.length).toBe(0);
});

it('[A2] lets a reader follow along, and nothing that the reader sends changes the record', async () => {
  townHall = await TownHall.open();
  const reader = await (await townHall.join('noise-bylaw', 'rita', 'public')).synced();
  const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
  expect(reader.scope).toBe('readonly');
  expect(alice.scope).toBe('read-write');

  reader.type('Noise', ' FORGED');
  alice.type('Noise', ' genuine');
  await alice.saved();
  await reader.sees('genuine');
  expect(alice.text).not.toContain('FORGED');
  expect(reader.provider.unsyncedChanges).toBeGreaterThan(0);
  const draft = await until('the draft is written', () => townHall.draftOf('noise-bylaw'));
  expect(draft).not.toContain('FORGED');
});

it('[A3] counts the rights that CivicPress grants by record type', async () => {
  townHall = await TownHall.open({ civicpress: { roleRecordTypes: { planner: ['bylaw'] } } });
  townHall.civicpress.setRole('realtime', 'clerk');
  const token = await townHall.tokenOf('paula', 'clerk');
  townHall.civicpress.setRole('paula', 'planner');

  const onBylaw = await townHall.joinWith('noise-bylaw', token).synced();
  const onPolicy = await townHall.joinWith('privacy-policy', token).synced();
  expect(onBylaw.scope).toBe('read-write');
  expect(onPolicy.scope).toBe('readonly');
});

it('[A4] shows a draft-only record to editors alone', async () => {
  townHall = await TownHall.open();
  await townHall.createDraftOnly('record-new', 'Secret plans.\n');
  const alice = await (await townHall.join('record-new', 'alice')).synced();
  expect(alice.text).toContain('Secret plans.');

  const ofDraft = await townHall.join('record-new', 'rita', 'public');
  const ofNothing = await townHall.join('no-such-record', 'rita', 'public');
  expect(await ofDraft.refused()).toBe(errors['no-such-record'].reason);
  expect(await ofNothing.refused()).toBe(errors['no-such-record'].reason);
});

it.each(['constructor', 'record:', 'record:../../x', 'record:a b', 'records:x', `record:${'x'.repeat(129)}`])(
  '[A5] refuses the document name %j before anything else looks at it',
  async (documentName) => {
    townHall = await TownHall.open();
    const clerk = await townHall.joinDocument(documentName);
    expect(await clerk.refused()).toBe(errors['invalid-document-name'].reason);
    expect(townHall.wire.requests).toEqual([]);
  },
);

it.each<[FlakyMode, keyof typeof errors]>([
  ['error500', 'civicpress-unavailable'],
  ['busy429', 'civicpress-busy'],
  ['silent', 'civicpress-unavailable'],
  ['refuse', 'civicpress-unavailable'],
])(
  '[A7] while CivicPress answers with "%s", gives a reason, and lets in within 3 s of its return',
  async (mode, code) => {
    townHall = await TownHall.open({ settings: { 'civicpress.timeout_ms': 1500 } });
    const token = await townHall.tokenOf('alice');
    townHall.wire.mode = mode;
    const alice = townHall.joinWith('noise-bylaw', token);
    expect(await alice.refused()).toBe(errors[code].reason);
    await until('the socket was closed', () => alice.closeCodes.includes(4503));

    townHall.wire.mode = 'pass';
    await alice.synced(3_000);
  },
);

it('[A7] asks a busy CivicPress nothing before its Retry-After is over', async () => {
  townHall = await TownHall.open();
  const token = await townHall.tokenOf('alice');
  townHall.wire.mode = 'busy429';
  townHall.wire.retryAfterSeconds = 2;
  const alice = townHall.joinWith('noise-bylaw', token);
  await until('the client came back', () => alice.refusals.length >= 2);
  expect(townHall.wire.requests).toHaveLength(1);

  townHall.wire.mode = 'pass';
  await alice.synced(4_000);
});

it('[A9] leaves the other documents of a socket alone when one is refused', async () => {
  townHall = await TownHall.open();
  const token = await townHall.tokenOf('alice');
  const onBylaw = await townHall.joinWith('noise-bylaw', token).synced();
  townHall.wire.mode = 'error500';
  const onPolicy = townHall.joinBeside(onBylaw, 'privacy-policy', token);
  expect(await onPolicy.refused()).toBe(errors['civicpress-unavailable'].reason);
  onBylaw.type('Noise', ' UNDISTURBED');
  await onBylaw.saved();
  expect(onBylaw.closeCodes).toEqual([]);
  townHall.wire.mode = 'pass';
});

it('[A17] lets a clerk in while somebody makes up tokens, and has asked /auth/me about none of those', async () => {
  townHall = await TownHall.open({
    settings: { 'security.trusted_proxies': '127.0.0.1', 'civicpress.timeout_ms': 20_000 },
    civicpress: { rateLimits: true },
  });
  const token = await townHall.tokenOf('alice');
  const attackers = Array.from({ length: 40 }, () => {
    const headers = { 'x-forwarded-for': '192.0.2.9' };
    return new Visitor(`${townHall.url}/realtime`, { headers });
  });
  for (const [n, attacker] of attackers.entries()) {
    await attacker.entered();
    attacker.authenticate('record:noise-bylaw', `${'a'.repeat(64)}.${n}`);
  }
  const denied = () => attackers.flatMap(({ denials }) => denials);
  await until('all are answered', () => denied().length === attackers.length);
  const count = (code: keyof typeof errors) =>
    denied().filter((reason) => reason === errors[code].reason).length;
  expect([count('not-authenticated'), count('too-many-unknown')]).toEqual([30, 10]);
  expect(townHall.wire.requests.filter(({ path }) => path.includes('/auth/me'))).toEqual([]);

  await townHall.joinWith('noise-bylaw', token).synced();
  for (const attacker of attackers) attacker.ws.terminate();
});
