/**
 * Real records of CivicPress through the whole server: one word is edited, and the draft differs by that word.
 */
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diffLines } from 'diff';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Clerk } from './helpers/clerk.ts';
import { TownHall } from './helpers/town-hall.ts';
import { until } from './helpers/until.ts';

const corpus = join(import.meta.dirname, '../../shared/corpus/civicpress-records');
const files = existsSync(corpus) ? readdirSync(corpus).filter((file) => file.endsWith('.md')) : [];

let townHall: TownHall;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'records-'));
  for (const file of files) await cp(join(corpus, file), join(folder, 'records', file));
  townHall = await TownHall.open({ folder });
});
afterAll(() => townHall.close());

it('finds the records', () => {
  expect(
    files.length,
    `no records: ${corpus} must hold Markdown files (it is not part of the repository)`,
  ).toBe(25);
});

/** A word that the document has once, so that it is clear which one was edited. */
function someWord(clerk: Clerk): string {
  const words = clerk.text.match(/[a-z]{5,}/g) ?? [];
  const once = words.filter((word) => clerk.text.split(word).length === 2);
  return once[Math.floor(once.length / 2)] as string;
}

it.each(files)('[S4] [S2] %s: opened it is not written, edited it differs by the word', async (file) => {
  const recordId = file.replace(/\.md$/, '').replace(/[^\w-]/g, '-');
  const published = String((await townHall.recordOf(recordId)).content);
  const clerk = await (await townHall.join(recordId)).synced();
  expect(await townHall.draftOf(recordId)).toBeNull();

  const word = someWord(clerk);
  clerk.replace(word, 'xyzzy');
  const draft = await until('the draft is written', () => townHall.draftOf(recordId));
  expect(draft.replace('xyzzy', word).replace(/\s+/g, ' ').trim()).toBe(
    published.replace(/\s+/g, ' ').trim(),
  );
  const touched = diffLines(published, draft.trimEnd()).filter(({ added }) => added);
  expect(touched).toHaveLength(1);
  clerk.leave();
});
