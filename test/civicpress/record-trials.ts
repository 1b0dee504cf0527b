/**
 * What must not happen to a record because somebody opens it or types in it. Each trial throws when it did happen, and
 * resolves with what is worth saying beside that it did not.
 */
import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clerk } from '../helpers/clerk.ts';
import { until } from '../helpers/until.ts';
import type { Office } from './office.ts';

export interface Trial {
  readonly name: string;
  run(office: Office): Promise<string | undefined>;
}

/** A look at what is published beneath a draft, and one at a room in which nothing happens. */
const noticedMs = 90_000;

/** Longer than the server waits before it writes a draft. */
const writtenMs = 4_000;

const plain = '# Trial\n\nFirst paragraph.\n\nSecond paragraph.\n';

const intricate = `# Trial

<div class="x">
  raw
</div>

A line<br>with a break[^1] and <!--civic-ref type="record" id="noise" label="Noise"--> inline.

[^1]: The note.

* one
* two

Last paragraph.
`;

export const recordTrials: readonly Trial[] = [
  {
    name: 'a reader writes nothing',
    async run(office) {
      const token = await office.signIn('trial-reader', 'public');
      if (!token) return 'NOT TRIED: this CivicPress has no simulated accounts';
      const id = await office.newRecord('reader', plain);
      await office.publish(id);
      const reader = await office.join(id, token);
      strictEqual(reader.scope, 'readonly');
      reader.type('First', ' FORBIDDEN');
      await delay(writtenMs);
      ok(!(await office.textOf(id)).includes('FORBIDDEN'));
      return undefined;
    },
  },
  {
    name: 'opening and leaving changes nothing, whatever the text holds',
    async run(office) {
      const id = await office.newRecord('open', intricate);
      const before = await office.recordOf(id);
      const clerk = await office.join(id);
      await clerk.sees('Last paragraph.');
      clerk.leave();
      await delay(writtenMs);
      deepStrictEqual(await office.recordOf(id), before);
      return undefined;
    },
  },
  {
    name: 'a draft that is newer than what is published is what is opened, and stays',
    async run(office) {
      const id = await office.newRecord('draft', plain);
      await office.publish(id);
      await office.newRecord('draft', plain.replace('First', 'Newer'));
      const before = await office.recordOf(id);
      const clerk = await office.join(id);
      await clerk.sees('Newer paragraph');
      clerk.leave();
      await delay(writtenMs);
      deepStrictEqual(await office.recordOf(id), before);
      return undefined;
    },
  },
  {
    name: 'in each record of this CivicPress (the newest 12, as copies) one key changes one line',
    async run(office) {
      const { records } = await office.must('GET', '/records?limit=12');
      for (const [index, record] of (records as { id: string; content?: string }[]).entries()) {
        const body = `${record.content}\n`;
        const id = await office.newRecord(`copy-${index}`, body);
        const clerk = await office.join(id);
        const words = body.match(/\p{L}{3,}/gu) ?? [];
        ok(
          words.some((word) => isTyped(clerk, word, 'x')),
          `${record.id} says nothing`,
        );
        await until('the key is in the draft', async () => (await office.textOf(id)) !== body);
        const [now, was] = [(await office.textOf(id)).split('\n'), body.split('\n')];
        strictEqual(now.length, was.length, record.id);
        strictEqual(now.filter((line, at) => line !== was[at]).length, 1, record.id);
        clerk.leave();
      }
      return `${(records as unknown[]).length} records`;
    },
  },
  {
    name: 'one word that is typed changes that word alone',
    async run(office) {
      const id = await office.newRecord('word', intricate);
      const clerk = await office.join(id);
      clerk.type('Last', ' edited');
      await clerk.noticed('saved');
      strictEqual(await office.textOf(id), intricate.replace('Last', 'Last edited'));
      return undefined;
    },
  },
  {
    name: 'a draft keeps every field of its record, also when it is published',
    async run(office) {
      const id = await office.newRecord('fields', plain, {
        metadata: { tags: ['a', 'b'], custom: { deep: [1] } },
        geography: { srid: 4326, zone_ref: 'z' },
        linkedRecords: [{ id: 'noise', type: 'bylaw', description: 'See' }],
        linkedGeographyFiles: [{ id: 'geo-1', name: 'Map' }],
        attachedFiles: [{ id: 'file-1', path: 'public/plan.pdf', original_name: 'plan.pdf' }],
      });
      await office.publish(id);
      const before = await office.recordOf(id);
      const clerk = await office.join(id);
      clerk.type('First', ' edited');
      await clerk.noticed('saved');
      await office.publish(id, {});
      const after = await office.recordOf(id);
      for (const field of [
        'title',
        'type',
        'status',
        'author',
        'geography',
        'linkedRecords',
        'linkedGeographyFiles',
        'attachedFiles',
      ])
        deepStrictEqual(after[field], before[field], field);
      const { authors, ...metadata } = after.metadata as Record<string, unknown>;
      deepStrictEqual(metadata, before.metadata);
      deepStrictEqual(authors ?? after.authors, before.authors);
      ok(String(after.content).includes('First edited'));
      return undefined;
    },
  },
  {
    name: 'what was published while nobody was in is what is opened',
    async run(office) {
      const id = await office.newRecord('newer', plain);
      await office.publish(id);
      const clerk = await office.join(id);
      clerk.type('First', ' old');
      await clerk.noticed('saved');
      clerk.leave();
      await office.publish(id);
      await office.newRecord('newer', (await office.textOf(id)).replace('First', 'Newer'));
      await office.publish(id);
      const later = await office.join(id);
      await later.sees('Newer old paragraph');
      await delay(writtenMs);
      ok((await office.textOf(id)).includes('Newer old paragraph'));
      return undefined;
    },
  },
  {
    name: "what CivicPress' own editor saves beside the room doubles nothing",
    async run(office) {
      const id = await office.newRecord('editor', intricate);
      const clerk = await office.join(id);
      clerk.type('Last', ' edited');
      await clerk.noticed('saved');
      const saved = (await office.textOf(id)).replace('* one\n* two', '* one\n\n* two').trim();
      await office.newRecord('editor', `# Trial\n\n${saved}`);
      const wanted = intricate.replace('Last', 'Last edited');
      await until(
        'the draft is as the room has it',
        async () => (await office.textOf(id)) === wanted,
        noticedMs,
      );
      strictEqual(clerk.text.match(/Trial/g)?.length, 1);
      return undefined;
    },
  },
  {
    name: 'a room hears that its draft is published, takes in what is published past the next, and closes when it is archived',
    async run(office) {
      const id = await office.newRecord('fate', plain);
      await office.publish(id);
      const clerk = await office.join(id);
      clerk.type('First', ' typed');
      await clerk.noticed('saved');
      await office.publish(id);
      const noticed = (event: string) =>
        until(event, () => clerk.notices.some((notice) => notice.event === event), noticedMs);
      await noticed('published');
      clerk.type('Second', ' more');
      await until('there is a draft', async () => (await office.recordOf(id)).isDraft);
      const direct = plain
        .replace('First', 'First typed')
        .replace('Second paragraph.', 'Second paragraph, directly.');
      await office.must('PUT', `/records/${id}`, { content: direct });
      await clerk.sees('paragraph, directly.', noticedMs);
      ok(clerk.text.includes('Second more'));
      const archivedAt = performance.now();
      await office.must('DELETE', `/records/${id}`);
      await noticed('record-gone');
      return `archived: noticed after ${Math.round(performance.now() - archivedAt)} ms`;
    },
  },
];

/** A word of the source need not be one of the text. */
function isTyped(clerk: Clerk, word: string, key: string): boolean {
  try {
    clerk.type(word, key);
    return true;
  } catch {
    return false;
  }
}
