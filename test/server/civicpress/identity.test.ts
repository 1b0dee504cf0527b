import { describe, expect, it } from 'vitest';
import { CivicPressIdentity } from '../../../server/civicpress/identity.ts';
import type { FlakyMode, FlakyProxy } from '../../helpers/flaky-proxy.ts';
import { until } from '../../helpers/until.ts';
import { openOffice } from './office.ts';
import { always, scriptedCivicPress } from './scripted-civicpress.ts';

const coded = (code: string) => expect.objectContaining({ code });
const bylaw = '---\ntitle: Noise\ntype: bylaw\n---\n\nNo noise.\n';
const policy = bylaw.replace('bylaw', 'policy');
const pathsOn = ({ requests }: FlakyProxy) => requests.map(({ path }) => path.replace('/api/v1', ''));
const stranger = { token: 'dead.beef', address: '192.0.2.1' };

describe('who somebody is', () => {
  it('is what CivicPress says', async () => {
    const { identity, credentialsOf } = await openOffice();
    expect(await identity.userOf(await credentialsOf('alice', 'clerk'))).toEqual({
      id: expect.stringMatching(/^\d+$/),
      name: 'alice',
      role: 'clerk',
      permissions: expect.arrayContaining(['records:edit']),
    });
  });

  it('[A6] is asked once for ten who wait, and for those who come later', async () => {
    const { identity, wire, credentialsOf } = await openOffice();
    const alice = await credentialsOf('alice', 'clerk');
    await Promise.all(Array.from({ length: 10 }, () => identity.userOf(alice)));
    await identity.userOf(alice);
    expect(pathsOn(wire)).toEqual(['/records/any/lock', '/auth/me']);
  });

  it('[A6] is asked again when the answer is too old', async () => {
    const { api, identity, credentialsOf } = await openOffice({ connection: { cacheMs: 50 } });
    const alice = await credentialsOf('alice', 'clerk');
    await identity.userOf(alice);
    api.civicpress.setRole('alice', 'public');
    await until('her new role is known', async () => (await identity.userOf(alice)).role === 'public');
  });

  it('[A1] is nobody for a token that CivicPress does not know, and it is asked once', async () => {
    const { identity, wire } = await openOffice();
    for (const _ of [1, 2])
      await expect(identity.userOf(stranger)).rejects.toEqual(coded('not-authenticated'));
    expect(pathsOn(wire)).toEqual(['/records/any/lock']);
  });

  it('[A6] is asked once for each token, however long it is used', async () => {
    const { identity, wire, credentialsOf } = await openOffice({ connection: { cacheMs: 1 } });
    const alice = await credentialsOf('alice', 'clerk');
    await identity.userOf(alice);
    await until('the answer is too old', async () => {
      await identity.userOf(alice);
      return wire.requests.length > 3;
    });
    expect(pathsOn(wire).filter((path) => path === '/auth/me')).toHaveLength(1);
  });

  it('[A6] is asked whether an administrator still is one, and not /auth/me', async () => {
    const { identity, wire, credentialsOf } = await openOffice({ connection: { cacheMs: 1 } });
    const root = await credentialsOf('root', 'admin');
    expect((await identity.userOf(root)).permissions).toContain('*');
    await until('the answer is too old', async () => {
      expect((await identity.userOf(root)).permissions).toContain('*');
      return wire.requests.length > 3;
    });
    expect([...new Set(pathsOn(wire))]).toEqual(['/records/any/lock', '/auth/me', '/cache/list']);
    expect(pathsOn(wire).filter((path) => path === '/auth/me')).toHaveLength(1);
  });

  it('[A6] takes nobody for an administrator who is none any more, also while /auth/me has no requests left', async () => {
    const { api, identity, credentialsOf } = await openOffice({
      civicpress: { rateLimits: true },
      connection: { cacheMs: 1 },
    });
    const root = await credentialsOf('root', 'admin');
    expect((await identity.userOf(root)).permissions).toContain('*');
    for (let request = 0; request < 30; request += 1) await api.bearing(root.token)('GET', '/auth/me');
    api.civicpress.setRole('root', 'clerk');
    await until('they are a clerk', async () => !(await identity.userOf(root)).permissions.includes('*'));
    expect((await identity.userOf(root)).permissions).toContain('records:edit');
  });

  it('[A6] is asked again about an administrator where no route says whether they still are one', async () => {
    const root = { id: 1, username: 'root', role: 'admin', permissions: ['*', 'records:edit'] };
    let permissions = root.permissions;
    const { client } = await scriptedCivicPress((response, _nth, { url }) => {
      const isThere = url?.endsWith('/lock') || url?.endsWith('/auth/me');
      response.writeHead(isThere ? 200 : 404);
      response.end(JSON.stringify({ success: true, data: { user: { ...root, permissions } } }));
    });
    const identity = new CivicPressIdentity({
      client,
      cacheMs: 1,
      administratorMs: 50,
      forwardAddress: false,
    });
    const credentials = { token: 'root', address: '192.0.2.1' };
    expect((await identity.userOf(credentials)).permissions).toContain('*');
    permissions = ['records:edit'];
    await until('they are a clerk', async () => {
      return !(await identity.userOf(credentials)).permissions.includes('*');
    });
  });

  it('[A17] is not kept from clerks by tokens that somebody made up', async () => {
    const { identity, wire, credentialsOf } = await openOffice({ civicpress: { rateLimits: true } });
    const alice = await credentialsOf('alice', 'clerk');
    const madeUp = Array.from({ length: 200 }, (_, n) => ({ token: `made.up.${n}`, address: '192.0.2.9' }));
    const outcomes = await Promise.allSettled(madeUp.map((credentials) => identity.userOf(credentials)));
    const codes = outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code);
    expect(codes.filter((code) => code === 'not-authenticated')).toHaveLength(30);
    expect(codes.filter((code) => code === 'too-many-unknown')).toHaveLength(170);
    expect(new Set(pathsOn(wire))).toEqual(new Set(['/records/any/lock']));

    expect(await identity.userOf(alice)).toMatchObject({ name: 'alice' });
  });

  it.each(['', 'with space', 'line\r\nbreak', 'é', 'x'.repeat(1_025)])(
    '[A1] is nobody, unasked, for what cannot be a token: %j',
    async (token) => {
      const { identity, wire } = await openOffice();
      await expect(identity.userOf({ ...stranger, token })).rejects.toEqual(coded('not-authenticated'));
      expect(wire.requests).toEqual([]);
    },
  );

  it.each<[FlakyMode, string]>([
    ['error500', 'civicpress-unavailable'],
    ['busy429', 'civicpress-busy'],
    ['refuse', 'civicpress-unavailable'],
  ])('is not decided while CivicPress is in trouble (%s), and that is not remembered', async (mode, code) => {
    const { identity, wire, credentialsOf } = await openOffice();
    const alice = await credentialsOf('alice', 'clerk');
    wire.mode = mode;
    wire.retryAfterSeconds = 0;
    await expect(identity.userOf(alice)).rejects.toEqual(coded(code));
    wire.mode = 'pass';
    expect(await identity.userOf(alice)).toMatchObject({ name: 'alice' });
  });

  it.each([
    ['a user without a role', 200, '{"success":true,"data":{"user":{"id":1,"username":"a"}}}'],
    ['that there is no such route', 404, '{"error":{"code":"NOT_FOUND"}}'],
  ])('is not decided when CivicPress answers with %s', async (_what, status, body) => {
    const { client } = await scriptedCivicPress(always(status, body));
    const identity = new CivicPressIdentity({ client, cacheMs: 60_000, forwardAddress: false });
    await expect(identity.userOf(stranger)).rejects.toEqual(coded('civicpress-unavailable'));
  });

  it.each([
    [true, '192.0.2.1'],
    [false, undefined],
  ])('is asked with the editor’s address only when that is wanted: %s', async (forwardAddress, expected) => {
    const { client, requests } = await scriptedCivicPress(always(401, '{}'));
    const identity = new CivicPressIdentity({ client, cacheMs: 60_000, forwardAddress });
    await expect(identity.userOf(stranger)).rejects.toEqual(coded('not-authenticated'));
    expect(requests[0]?.headers['x-forwarded-for']).toBe(expected);
  });
});

describe('what somebody may do', () => {
  it.each([
    ['clerk', 'edit'],
    ['admin', 'edit'],
    ['public', 'read'],
  ])('a %s may %s', async (role, access) => {
    const { api, identity, credentialsOf } = await openOffice();
    await api.writeRecord('noise.md', bylaw);
    expect(await identity.accessTo('noise', await credentialsOf('somebody', role))).toBe(access);
  });

  it('[A3] follows the rights that a role has by record type', async () => {
    const civicpress = { roleRecordTypes: { planner: ['bylaw'] } };
    const { api, identity, credentialsOf } = await openOffice({ civicpress });
    await api.writeRecord('noise.md', bylaw);
    await api.writeRecord('privacy.md', policy);
    const paula = await credentialsOf('paula', 'planner');
    expect(await identity.accessTo('noise', paula)).toBe('edit');
    expect(await identity.accessTo('privacy', paula)).toBe('read');
  });

  it('[A4] is nothing with a record that exists as a draft only, until it is published', async () => {
    const { api, identity, credentialsOf } = await openOffice();
    const clerk = await api.as('clara', 'clerk');
    await clerk('PUT', '/records/plans/draft', { title: 'Plans', type: 'policy', markdownBody: 'Secret.\n' });
    const rita = await credentialsOf('rita', 'public');
    expect(await identity.accessTo('plans', rita)).toBe('none');
    expect(await identity.accessTo('plans', await credentialsOf('alice', 'clerk'))).toBe('edit');

    await clerk('POST', '/records/plans/publish', { status: 'published' });
    expect(await identity.accessTo('plans', rita)).toBe('read');
  });

  it('[A6] is asked once for ten who wait', async () => {
    const { api, identity, wire, credentialsOf } = await openOffice();
    await api.writeRecord('noise.md', bylaw);
    const rita = await credentialsOf('rita', 'public');
    await Promise.all(Array.from({ length: 10 }, () => identity.accessTo('noise', rita)));
    expect(pathsOn(wire)).toEqual([
      '/records/any/lock',
      '/auth/me',
      '/records/noise',
      '/records/any/lock?type=bylaw',
    ]);
  });

  it('[A6] is decided by the user as CivicPress said last, not by the one of an earlier answer', async () => {
    const { api, identity, credentialsOf } = await openOffice({ connection: { cacheMs: 60 } });
    const alice = await credentialsOf('alice', 'clerk');
    await identity.userOf(alice);
    api.civicpress.setRole('alice', 'public');
    let asked = 0;
    await until('her new role is known', async () => {
      if ((await identity.userOf(alice)).role === 'public') return true;
      asked += 1;
      await identity.accessTo(`record-${asked}`, alice);
      return false;
    });
    expect(await identity.accessTo(`record-${asked}`, alice)).toBe('none');
  });

  it('is nobody’s when the session has ended meanwhile', async () => {
    const { api, identity, credentialsOf } = await openOffice();
    await api.writeRecord('noise.md', bylaw);
    const rita = await credentialsOf('rita', 'public');
    await identity.userOf(rita);
    api.civicpress.revokeSessions('rita');
    await expect(identity.accessTo('noise', rita)).rejects.toEqual(coded('not-authenticated'));
  });
});

describe('a re-check', () => {
  it('[A11] is one request for somebody who may edit each record, whatever they have open', async () => {
    const { api, identity, wire, credentialsOf } = await openOffice();
    for (const id of ['a', 'b', 'c']) await api.writeRecord(`${id}.md`, bylaw);
    const alice = await credentialsOf('alice', 'clerk');
    for (const id of ['a', 'b', 'c']) await identity.accessTo(id, alice);
    wire.requests.length = 0;
    await identity.renew(alice, ['a', 'b', 'c']);
    for (const id of ['a', 'b', 'c']) expect(await identity.accessTo(id, alice)).toBe('edit');
    expect(pathsOn(wire)).toEqual(['/records/any/lock']);
  });

  it('[A11] is one request a type for everybody else, and one a record for all who read it', async () => {
    const { api, identity, wire, credentialsOf } = await openOffice();
    for (const id of ['a', 'b']) await api.writeRecord(`${id}.md`, bylaw);
    await api.writeRecord('c.md', policy);
    const readers = [await credentialsOf('rita', 'public'), await credentialsOf('rob', 'public')];
    for (const reader of readers) for (const id of ['a', 'b', 'c']) await identity.accessTo(id, reader);
    wire.requests.length = 0;
    for (const reader of readers) {
      await identity.renew(reader, ['a', 'b', 'c']);
      for (const id of ['a', 'b', 'c']) expect(await identity.accessTo(id, reader)).toBe('read');
    }
    const asked = ['/records/any/lock?type=bylaw', '/records/any/lock?type=policy'];
    expect(pathsOn(wire).sort()).toEqual([...asked, ...asked].sort());
  });

  it('[A11] asks whatever is believed, and everybody believes the new answer', async () => {
    const { api, identity, credentialsOf } = await openOffice();
    await api.writeRecord('noise.md', bylaw);
    const alice = await credentialsOf('alice', 'clerk');
    expect(await identity.accessTo('noise', alice)).toBe('edit');
    api.civicpress.setRole('alice', 'public');
    expect(await identity.accessTo('noise', alice)).toBe('edit');
    await identity.renew(alice, ['noise']);
    expect(await identity.accessTo('noise', alice)).toBe('read');
    api.civicpress.setRole('alice', 'clerk');
    await identity.renew(alice, ['noise']);
    expect(await identity.accessTo('noise', alice)).toBe('edit');
  });

  it('[A11] knows the new right also when /auth/me has no request left', async () => {
    const { api, identity, wire, credentialsOf } = await openOffice();
    await api.writeRecord('noise.md', bylaw);
    const alice = await credentialsOf('alice', 'clerk');
    await identity.userOf(alice);
    api.civicpress.setRole('alice', 'public');
    wire.mode = 'busy429';
    wire.only = (_method, path) => path.includes('/auth/me');
    await identity.renew(alice, ['noise']);
    expect(await identity.accessTo('noise', alice)).toBe('read');
  });

  it.each(['clerk', 'public'])('[A13] of a %s says when the session has ended', async (role) => {
    const { api, identity, wire, credentialsOf } = await openOffice();
    await api.writeRecord('noise.md', bylaw);
    const somebody = await credentialsOf('somebody', role);
    await identity.accessTo('noise', somebody);
    api.civicpress.revokeSessions('somebody');
    await expect(identity.renew(somebody, ['noise'])).rejects.toEqual(coded('not-authenticated'));
    await expect(identity.userOf(somebody)).rejects.toEqual(coded('not-authenticated'));
    wire.requests.length = 0;
    await expect(identity.userOf(somebody)).rejects.toEqual(coded('not-authenticated'));
    expect(wire.requests).toEqual([]);
  });

  it('[A11] is paced to half of what CivicPress has left for the address that it counts', async () => {
    const { identity, credentialsOf } = await openOffice({ civicpress: { rateLimits: true } });
    const alice = await credentialsOf('alice', 'clerk');
    expect(identity.paceOf(alice)).toEqual({ counter: '', pauseMs: 0 });
    await identity.userOf(alice);
    // Half of nearly 1,000 requests in nearly 15 minutes: one in 1.8 s.
    const { pauseMs } = identity.paceOf(alice);
    expect(pauseMs).toBeGreaterThan(1_600);
    expect(pauseMs).toBeLessThan(1_900);
  });

  it('[A11] is counted by editor where CivicPress is told their addresses', async () => {
    const { identity, credentialsOf } = await openOffice({ connection: { forwardAddress: true } });
    const alice = await credentialsOf('alice', 'clerk');
    expect(identity.paceOf(alice).counter).toBe(alice.address);
  });
});

describe('what is forgotten', () => {
  it('[A12] is asked for again: of a token, of all tokens of a user', async () => {
    const { api, identity, credentialsOf } = await openOffice();
    const [desk, laptop] = [await credentialsOf('alice', 'clerk'), await credentialsOf('alice', 'clerk')];
    const { id: userId } = await identity.userOf(desk);
    await identity.userOf(laptop);
    api.civicpress.setRole('alice', 'public');
    const roles = async () => [(await identity.userOf(desk)).role, (await identity.userOf(laptop)).role];
    expect(await roles()).toEqual(['clerk', 'clerk']);
    identity.forget({ token: desk.token });
    expect(await roles()).toEqual(['public', 'clerk']);
    identity.forget({ userId: 'somebody else' });
    expect(await roles()).toEqual(['public', 'clerk']);
    identity.forget({ userId });
    expect(await roles()).toEqual(['public', 'public']);
  });

  it('[A12] is asked for again: of a record', async () => {
    const { api, identity, credentialsOf } = await openOffice();
    await api.writeRecord('noise.md', bylaw);
    const rita = await credentialsOf('rita', 'public');
    expect(await identity.accessTo('noise', rita)).toBe('read');
    await api.removeRecord('noise.md');
    expect(await identity.accessTo('noise', rita)).toBe('read');
    identity.forget({ recordId: 'noise' });
    expect(await identity.accessTo('noise', rita)).toBe('none');
  });
});
