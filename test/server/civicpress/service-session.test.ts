import { describe, expect, it } from 'vitest';
import { openOffice } from './office.ts';

const noise = '---\ntitle: Noise Bylaw\ntype: bylaw\n---\n\nPublished.\n';
const draft = {
  title: 'Noise Bylaw',
  type: 'bylaw',
  metadata: { tags: ['draft'] },
  markdownBody: 'Draft.\n',
};
const signIn = { method: 'POST', path: '/api/v1/users/auth/password' };

async function officeWithDraft() {
  const office = await openOffice();
  await office.api.writeRecord('noise.md', noise);
  const clerk = await office.api.as('clara', 'clerk');
  await clerk('PUT', '/records/noise/draft', draft);
  const signIns = () => office.wire.requests.filter(({ path }) => path === signIn.path);
  return { ...office, clerk, signIns };
}

describe('the service user', () => {
  it('signs in once for all who come at the same time, and for those who come later', async () => {
    const { records, signIns } = await officeWithDraft();
    await Promise.all([records.read('noise'), records.read('noise'), records.read('noise')]);
    await records.read('noise');
    expect(signIns()).toEqual([signIn]);
  });

  it('[W4] signs in again when the session has ended, to read the draft and not what everybody may see', async () => {
    const { api, records, signIns } = await officeWithDraft();
    await records.read('noise');
    api.civicpress.revokeSessions('realtime');
    expect(await records.read('noise')).toMatchObject({ markdown: 'Draft.\n', isDraft: true });
    expect(signIns()).toHaveLength(2);
  });

  it('[W4] signs in again to read a record that exists as a draft only', async () => {
    const { api, clerk, records } = await officeWithDraft();
    await clerk('PUT', '/records/plans/draft', { ...draft, markdownBody: 'Plans.\n' });
    await records.read('plans');
    api.civicpress.revokeSessions('realtime');
    expect(await records.read('plans')).toMatchObject({ markdown: 'Plans.\n', isDraft: true });
  });

  it('[W4] signs in again to write, and the fields of the draft stay', async () => {
    const { api, clerk, records } = await officeWithDraft();
    await records.read('noise');
    api.civicpress.revokeSessions('realtime');
    await records.writeDraft(
      'noise',
      'Typed.\n',
      { markdown: '', isDraft: true, fields: { type: 'bylaw' } },
      [],
    );
    const { body } = await clerk('GET', '/records/noise?edit=true');
    expect(body).toMatchObject({ data: { ...draft, markdownBody: 'Typed.\n' } });
  });

  it('[W4] signs in again once when many find out at the same time', async () => {
    const { api, records, signIns } = await officeWithDraft();
    await records.read('noise');
    api.civicpress.revokeSessions('realtime');
    await Promise.all(Array.from({ length: 5 }, () => records.read('noise')));
    expect(signIns()).toHaveLength(2);
  });

  it('does not sign in for every record that is not there', async () => {
    const { records, signIns } = await officeWithDraft();
    for (const recordId of ['a', 'b', 'c']) expect(await records.read(recordId)).toBeNull();
    expect(signIns()).toHaveLength(1);
  });

  it('tries to sign in again after it could not', async () => {
    const { records, wire } = await officeWithDraft();
    wire.mode = 'error500';
    await expect(records.read('noise')).rejects.toMatchObject({ code: 'civicpress-unavailable' });
    wire.mode = 'pass';
    expect(await records.read('noise')).toMatchObject({ isDraft: true });
  });

  it('says in the log’s words, not in the client’s, that its password is wrong', async () => {
    const { records } = await openOffice({
      connection: { service: { username: 'realtime', password: 'wrong' } },
    });
    await expect(records.read('noise')).rejects.toMatchObject({
      code: 'service-refused',
      context: { why: 'CivicPress does not accept the service user', status: 401 },
    });
  });
});
