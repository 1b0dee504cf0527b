/**
 * What only the journal in SQLite can be asked: entries that are gone without a trace, as where a page points elsewhere.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { openSqliteJournal } from '../../extensions/journal/sqlite.ts';
import { open } from '../../markdown/index.ts';

const entry = (text: string) => ({
  update: new Uint8Array(Buffer.from(text)),
  user: null,
  at: 1,
  base: null,
});

it('[V3] tells what is gone out of its middle, and at its end what a draft had', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'journal-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'journal.sqlite');
  const journal = await openSqliteJournal(file);
  const [first] = [
    await journal.append('record:a', [entry('one')]),
    await journal.append('record:a', [entry('two'), entry('three')]),
    await journal.append('record:a', [entry('four')]),
  ];
  const last = await journal.append('record:a', [entry('five')]);
  await journal.settle('record:a', last, { base: open('Five.').base, restored: null });
  await journal.close();
  const database = new DatabaseSync(file);
  database.exec('DELETE FROM entries WHERE sequence IN (2, 5)');
  database.close();

  const damaged = await openSqliteJournal(file);
  onTestFinished(() => damaged.close());
  const content = await damaged.read('record:a', null);
  expect(content.entries.map(({ update }) => Buffer.from(update).toString())).toEqual([
    'one',
    'three',
    'four',
  ]);
  expect(content.damaged).toBe(2);
  expect((await damaged.read('record:a', first)).damaged).toBe(2);
  // What is typed now is not taken for what that draft had.
  const next = await damaged.append('record:a', [entry('six')]);
  expect(await damaged.owing()).toEqual(['record:a']);
  await damaged.trim('record:a', last);
  expect(await damaged.read('record:a', last)).toMatchObject({ entries: [{ position: next }], damaged: 0 });
});
