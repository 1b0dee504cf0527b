import { describe, expect, it } from 'vitest';
import { CivicPressRecords } from '../../../server/civicpress/records.ts';
import { ServiceSession } from '../../../server/civicpress/service-session.ts';
import type { Records } from '../../../server/ports.ts';
import { openOffice } from './office.ts';
import { scriptedCivicPress } from './scripted-civicpress.ts';

const service = { username: 'realtime', password: 'of the tests' };

const front = '---\ntitle: Noise Bylaw\ntype: bylaw\n---\n\n';
const draft = { title: 'Noise Bylaw', type: 'bylaw' };

/** As the server does it: what was just read goes along. */
async function readAndWrite(records: Records, recordId: string, markdown: string): Promise<void> {
  const seen = await records.read(recordId);
  if (seen) await records.writeDraft(recordId, markdown, seen, []);
}

describe('reading a record', () => {
  it('gives a published text back the newline that CivicPress trims', async () => {
    const { api, records } = await openOffice();
    await api.writeRecord('noise.md', `${front}# Noise\n\nNone.\n`);
    expect(await records.read('noise')).toMatchObject({ markdown: '# Noise\n\nNone.\n', isDraft: false });
  });

  it('leaves an empty text empty', async () => {
    const { api, records } = await openOffice();
    await api.writeRecord('empty.md', front);
    expect(await records.read('empty')).toMatchObject({ markdown: '', isDraft: false });
  });

  it.each(['no newline', '\n\n  # Indented\n\n\n', 'CRLF\r\n\r\n\ttab ', 'ünïcödé 🏛️\u2028\n'])(
    '[L1] gives the draft byte for byte: %j',
    async (markdown) => {
      const { api, records } = await openOffice();
      await api.writeRecord('noise.md', `${front}Published.\n`);
      const clerk = await api.as('clara', 'clerk');
      await clerk('PUT', '/records/noise/draft', { ...draft, markdownBody: markdown });
      expect(await records.read('noise')).toMatchObject({ markdown, isDraft: true });
    },
  );

  it('finds a record that exists as a draft only', async () => {
    const { api, records } = await openOffice();
    const clerk = await api.as('clara', 'clerk');
    await clerk('PUT', '/records/plans/draft', { ...draft, markdownBody: 'Plans.\n' });
    expect(await records.read('plans')).toMatchObject({ markdown: 'Plans.\n', isDraft: true });
  });

  it('gives null for a record that is not there', async () => {
    const { records } = await openOffice();
    expect(await records.read('nothing')).toBeNull();
  });

  it('does not take a CivicPress in trouble for one without the record', async () => {
    const { records, wire } = await openOffice();
    wire.mode = 'error500';
    await expect(records.read('noise')).rejects.toMatchObject({ code: 'civicpress-unavailable' });
  });
});

describe('what a publication replaced', () => {
  const file = (body: string) => ({ content: `---\ntitle: Noise\n---\n\n${body}\n` });

  async function historyOf(...newestFirst: string[]) {
    const { client, requests } = await scriptedCivicPress((response, _nth, { url }) => {
      const data = url?.startsWith('/api/v1/diff/')
        ? { versions: newestFirst.map(file) }
        : { session: { token: 'of the server' } };
      response.writeHead(200).end(JSON.stringify({ success: true, data }));
    });
    return { records: new CivicPressRecords(new ServiceSession(client, service)), requests };
  }

  it('[E7] is found in the history of its file, oldest first', async () => {
    const { records, requests } = await historyOf('now', 'third', 'second', 'first', 'older');
    expect(await records.replacedSince('noise', 'first\n')).toEqual(['second\n', 'third\n']);
    expect(requests.at(-1)?.url).toBe('/api/v1/diff/noise/versions?limit=10');
  });

  it.each([
    ['when nothing came between', ['now', 'known']],
    ['when what was known is not in it', ['now', 'third', 'second']],
    ['when it is what is published still', ['known', 'older']],
    ['when there is no history', []],
  ])('is nothing %s', async (_when, history) => {
    const { records } = await historyOf(...history);
    expect(await records.replacedSince('noise', 'known\n')).toEqual([]);
  });
});

describe('writing a draft', () => {
  it('[W2] keeps every field of the record, also when it is published', async () => {
    const { api, records } = await openOffice();
    const clerk = await api.as('clara', 'clerk');
    const fields = {
      title: 'Noise Bylaw',
      type: 'bylaw',
      metadata: { tags: ['noise', 'night'], department: 'Parks', custom_key: { nested: ['keep', 'me'] } },
      geography: { srid: 4326, zone_ref: 'downtown' },
      attachedFiles: [{ id: 'file-1', path: 'plans/site.pdf', description: 'Site plan' }],
      linkedRecords: [{ id: 'zoning-bylaw', type: 'bylaw', description: 'Replaces' }],
      linkedGeographyFiles: [{ id: 'geo-1', name: 'Boundary' }],
    };
    await clerk('PUT', '/records/noise/draft', { ...fields, markdownBody: 'First.\n' });
    await clerk('POST', '/records/noise/publish', { status: 'published' });

    await readAndWrite(records, 'noise', 'Second.\n');
    await clerk('POST', '/records/noise/publish', { status: 'published' });
    const { body } = await clerk('GET', '/records/noise');
    expect(body).toMatchObject({ data: { ...fields, content: 'Second.' } });
  });

  it('[W2] keeps status, authors and source of a record when its draft is published', async () => {
    const { api, records } = await openOffice();
    const authors = [{ name: 'Patricia Martinez', username: 'pmartinez', role: 'clerk' }];
    await api.writeRecord(
      'noise.md',
      `---\ntitle: Noise\ntype: bylaw\nstatus: published\nauthors: ${JSON.stringify(authors)}\n` +
        'source: {reference: https://example.org/original}\ntags: [night]\n---\n\nOld.\n',
    );
    await readAndWrite(records, 'noise', 'New.\n');
    const clerk = await api.as('clara', 'clerk');
    await clerk('POST', '/records/noise/publish', {});
    const { body } = await clerk('GET', '/records/noise');
    const metadata = { tags: ['night'], authors, source: { reference: 'https://example.org/original' } };
    expect(body).toMatchObject({ data: { status: 'published', content: 'New.', metadata } });
  });

  it('[W2] writes a draft also where none may begin in the status of its record', async () => {
    const { api, records } = await openOffice();
    await api.writeRecord('noise.md', '---\ntitle: Noise\ntype: bylaw\nstatus: approved\n---\n\nOld.\n');
    await readAndWrite(records, 'noise', 'New.\n');
    expect(await records.read('noise')).toMatchObject({ markdown: 'New.\n', isDraft: true });
  });

  it('writes the text byte for byte', async () => {
    const { api, records } = await openOffice();
    await api.writeRecord('noise.md', `${front}Old.\n`);
    await readAndWrite(records, 'noise', '  New\r\n\n\n');
    expect(await records.read('noise')).toMatchObject({ markdown: '  New\r\n\n\n', isDraft: true });
  });

  it('changes nothing but the text of a draft that is there', async () => {
    const { api, records } = await openOffice();
    const clerk = await api.as('clara', 'clerk');
    const fields = { title: 'A better title', type: 'bylaw', metadata: { tags: ['new'] } };
    await api.writeRecord('noise.md', `${front}Old.\n`);
    await clerk('PUT', '/records/noise/draft', { ...fields, markdownBody: 'Draft.\n' });
    await readAndWrite(records, 'noise', 'Typed.\n');
    const { body } = await clerk('GET', '/records/noise?edit=true');
    expect(body).toMatchObject({ data: { ...fields, markdownBody: 'Typed.\n' } });
  });

  it('goes by the id in the URL where the record says another', async () => {
    const { api, records } = await openOffice();
    await api.writeRecord('by-file.md', '---\nid: by-frontmatter\ntitle: Noise\ntype: bylaw\n---\n\nOld.\n');
    await readAndWrite(records, 'by-file', 'New.\n');
    expect(await records.read('by-file')).toMatchObject({ markdown: 'New.\n', isDraft: true });
    expect(await records.read('by-frontmatter')).toBeNull();
  });

  it('fails when CivicPress refuses it, and can be tried again', async () => {
    const { api, records } = await openOffice();
    await api.writeRecord('noise.md', `${front}Old.\n`);
    await records.read('noise');
    api.civicpress.setRole('realtime', 'public');
    await expect(readAndWrite(records, 'noise', 'New.\n')).rejects.toMatchObject({
      code: 'service-refused',
      isRetryable: true,
      context: { recordId: 'noise', status: 403, errorCode: 'INSUFFICIENT_PERMISSIONS' },
    });
  });
});
