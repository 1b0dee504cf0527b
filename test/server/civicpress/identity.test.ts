import { describe, expect, it } from 'vitest';
import { CivicPressIdentity } from '../../../server/civicpress/identity.ts';
import type { FlakyMode } from '../../helpers/flaky-proxy.ts';
import { until } from '../../helpers/until.ts';
import { openOffice } from './office.ts';
import { always, scriptedCivicPress } from './scripted-civicpress.ts';

const coded = (code: string) => expect.objectContaining({ code });
const bylaw = '---\ntitle: Noise\ntype: bylaw\n---\n\nNo noise.\n';
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
    expect(wire.requests).toEqual([{ method: 'GET', path: '/api/v1/auth/me' }]);
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
    expect(wire.requests).toHaveLength(1);
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
    await api.writeRecord('privacy.md', bylaw.replace('bylaw', 'policy'));
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
    expect(wire.requests.map(({ path }) => path)).toEqual([
      '/api/v1/auth/me',
      '/api/v1/records/noise?edit=true',
      '/api/v1/records/noise/lock?type=bylaw',
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
