/**
 * What every journal keeps to, and the ledger beside it: the contracts of `Journal` and `Ledger` in `server/ports.ts`.
 *
 * A new journal joins with one more entry in `journals`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteJournal } from '../../extensions/journal/sqlite.ts';
import { open as openMarkdown } from '../../markdown/index.ts';
import type { Journal, JournalEntry, Ledger, NewJournalEntry } from '../../server/ports.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { openTestJournal } from '../helpers/redis-journal.ts';
import { until } from '../helpers/until.ts';
import { randomFrom } from '../markdown/helpers/random.ts';

interface JournalUnderTest {
  readonly name: string;
  open(folder: string): Promise<Journal & Ledger>;
  /** Makes each append fail, until the returned function is called. */
  breakAppends(folder: string): Promise<() => Promise<void>>;
  /** Makes each change of the ledger fail, until the returned function is called. */
  breakLedger(folder: string): Promise<() => Promise<void>>;
  /** Changes one byte of the last entry of `record:a`. */
  damageLast(folder: string): Promise<void>;
}

const file = (folder: string) => join(folder, 'journal.sqlite');

async function inDatabase(folder: string, sql: string): Promise<void> {
  const database = new DatabaseSync(file(folder), { timeout: 2_000 });
  database.exec(sql);
  database.close();
}

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const journals: JournalUnderTest[] = [
  {
    name: 'sqlite',
    open: (folder) => openSqliteJournal(file(folder)),
    async breakAppends(folder) {
      const raise = "BEGIN SELECT RAISE(ABORT, 'disk full'); END";
      await inDatabase(folder, `CREATE TRIGGER full BEFORE INSERT ON entries ${raise}`);
      return () => inDatabase(folder, 'DROP TRIGGER full');
    },
    async breakLedger(folder) {
      const raise = "BEGIN SELECT RAISE(ABORT, 'disk full'); END";
      await inDatabase(folder, `CREATE TRIGGER full BEFORE UPDATE ON documents ${raise}`);
      return () => inDatabase(folder, 'DROP TRIGGER full');
    },
    damageLast: (folder) =>
      inDatabase(
        folder,
        `UPDATE entries SET content = CAST(x'ff' || substr(content, 2) AS BLOB)
           WHERE sequence = (SELECT MAX(sequence) FROM entries) AND document =
             (SELECT key FROM documents WHERE name = 'record:a')`,
      ),
  },
  {
    name: 'redis-streams',
    open: (folder) => openTestJournal(redis, { keyPrefix: `{${folder}}:` }),
    breakAppends: () => redis.fill(),
    breakLedger: () => redis.fill(),
    async damageLast(folder) {
      const stream = `{${folder}}:journal:record:a`;
      const entries = await redis.client.xrangeBuffer(stream, '-', '+');
      const last = entries.at(-1)?.[1].at(-1) as Buffer;
      last[last.length - 1] = 255 - (last.at(-1) as number);
      await redis.client.del(stream);
      for (const [id, fields] of entries) await redis.client.xadd(stream, id, ...fields);
    },
  },
];

const alice = { id: '1', name: 'Alice' };
const entry = (text: string): NewJournalEntry => ({
  update: new Uint8Array(Buffer.from(text)),
  user: alice,
  at: 1_700_000_000_000,
  base: null,
});
const textsOf = (entries: readonly JournalEntry[]) =>
  entries.map(({ update }) => Buffer.from(update).toString());

/** What comes to a follower. */
async function followed(journal: Journal, after: string): Promise<string[]> {
  const seen: string[] = [];
  const stop = await journal.follow('record:a', after, {
    onEntry: ({ update }) => void seen.push(Buffer.from(update).toString()),
    onTrimmed: () => expect.unreachable(),
  });
  onTestFinished(stop);
  return seen;
}

describe.each(journals)('the journal "$name"', ({ open, breakAppends, breakLedger, damageLast }) => {
  let folder: string;
  let journal: Journal & Ledger;

  const opened = async () => {
    const another = await open(folder);
    onTestFinished(() => another.close());
    return another;
  };
  const reopen = async () => {
    await journal.close();
    journal = await opened();
  };
  const stored = async (name = 'record:a') => textsOf((await journal.read(name, null)).entries);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    journal = await opened();
  });

  it('[J1] has nothing at first', async () => {
    expect(await journal.read('record:a', null)).toEqual({ entries: [], damaged: 0, isComplete: true });
    expect(await journal.recall('record:a')).toBeNull();
    expect(await journal.owing()).toEqual([]);
  });

  it('[J1] gives back what was appended, with who and when, also to the next process', async () => {
    const { base } = openMarkdown('# Noise\n');
    const first = { ...entry('seed'), user: null, base };
    const position = await journal.append('record:a', [first, entry('one')]);
    await reopen();
    const { entries } = await journal.read('record:a', null);
    expect(entries.map(({ position: _, ...rest }) => rest)).toEqual([first, entry('one')]);
    expect(entries.at(-1)?.position).toBe(position);
  });

  it('[J1] keeps the order of the calls, and documents apart', async () => {
    await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        journal.append(index % 2 ? 'record:a' : 'record:b', [entry(String(index))]),
      ),
    );
    const odd = Array.from({ length: 100 }, (_, index) => String(2 * index + 1));
    expect(await stored()).toEqual(odd);
    expect(await stored('record:b')).toHaveLength(100);
  });

  it('[J1] reads on behind a position', async () => {
    const position = await journal.append('record:a', [entry('one'), entry('two')]);
    await journal.append('record:a', [entry('three')]);
    expect(textsOf((await journal.read('record:a', position)).entries)).toEqual(['three']);
  });

  it('[J1] forgets what is trimmed, and goes on behind it, also in the next process', async () => {
    const position = await journal.append('record:a', [entry('one'), entry('two')]);
    await journal.trim('record:a', position);
    expect(await stored()).toEqual([]);
    await reopen();
    await journal.append('record:a', [entry('three')]);
    expect(textsOf((await journal.read('record:a', position)).entries)).toEqual(['three']);
  });

  it('[J1] keeps nothing of an append that failed, and takes it when it comes again', async () => {
    await journal.append('record:a', [entry('one')]);
    const mend = await breakAppends(folder);
    await expect(journal.append('record:a', [entry('two')])).rejects.toThrow();
    expect(await stored()).toEqual(['one']);
    await mend();
    await journal.append('record:a', [entry('two')]);
    expect(await stored()).toEqual(['one', 'two']);
  });

  it('[J1] tells an entry that was damaged from a good one', async () => {
    await journal.append('record:a', [entry('one'), entry('two')]);
    await journal.close();
    await damageLast(folder);
    journal = await opened();
    expect(await stored()).toEqual(['one']);
    expect((await journal.read('record:a', null)).damaged).toBe(1);
    await journal.append('record:a', [entry('three')]);
    expect(await stored()).toEqual(['one', 'three']);
  });

  it('[J1] hands followers each entry once, in order, those before them first', async () => {
    const position = await journal.append('record:a', [entry('one')]);
    await journal.append('record:a', [entry('two')]);
    const seen: JournalEntry[] = [];
    const isOwn = new Set<boolean>();
    const following = journal.follow('record:a', position, {
      onEntry(each, own) {
        seen.push(each);
        isOwn.add(own);
      },
      onTrimmed: () => expect.unreachable(),
    });
    const appending = journal.append('record:a', [entry('three'), entry('four')]);
    const stop = await following;
    await appending;
    await journal.append('record:b', [entry('elsewhere')]);
    await journal.append('record:a', [entry('five')]);
    await until('the last one comes', () => seen.length >= 4);
    expect(textsOf(seen)).toEqual(['two', 'three', 'four', 'five']);
    expect([...isOwn]).toEqual([true]);
    expect(textsOf((await journal.read('record:a', seen[2]?.position as string)).entries)).toEqual(['five']);
    stop();
    const six = await journal.append('record:a', [entry('six')]);
    const seenByAnother = await followed(journal, six);
    await journal.append('record:a', [entry('seven')]);
    await until('another one follows', () => seenByAnother.includes('seven'));
    expect(seen).toHaveLength(4);
  });

  it('[J1] says when what comes behind a position was trimmed, also to followers', async () => {
    const one = await journal.append('record:a', [entry('one')]);
    const two = await journal.append('record:a', [entry('two')]);
    const three = await journal.append('record:a', [entry('three')]);
    await journal.trim('record:a', two);
    for (const isReopened of [false, true]) {
      if (isReopened) await reopen();
      const isComplete = async (after: string | null) => (await journal.read('record:a', after)).isComplete;
      expect(await isComplete(null)).toBe(false);
      expect(await isComplete(one)).toBe(false);
      expect(await isComplete(two)).toBe(true);
      expect(await isComplete(three)).toBe(true);
    }
    const told: string[] = [];
    const onEntry = () => expect.unreachable();
    await journal.follow('record:a', one, { onEntry, onTrimmed: () => void told.push('trimmed') });
    await until('the follower is told', () => told.length === 1);
    const seen = await followed(journal, two);
    await until('what is there comes', () => seen.includes('three'));
  });

  it('[J1] takes an update of several megabytes, and tells followers of it', async () => {
    const large = 'x'.repeat(4_000_000);
    const seen = await followed(journal, await journal.append('record:a', [entry('one')]));
    await journal.append('record:a', [entry(large)]);
    await until('it comes', () => seen.length > 0);
    expect(seen[0] === large).toBe(true);
    expect((await stored())[1] === large).toBe(true);
  });

  it('[J1] owes a writeback from an append until it is settled, also in the next process', async () => {
    const { base } = openMarkdown('# Noise\n');
    const one = await journal.append('record:a', [entry('one')]);
    expect(await journal.owing()).toEqual(['record:a']);
    await journal.append('record:a', [entry('two')]);
    await journal.settle('record:a', one, { base, restored: null });
    expect(await journal.recall('record:a')).toEqual({
      base,
      restored: null,
      owesWriteback: true,
      unconfirmed: [],
    });
    const three = await journal.append('record:a', [entry('three')]);
    await journal.settle('record:a', three, { base, restored: null });
    await journal.trim('record:a', three);
    await reopen();
    expect(await journal.recall('record:a')).toEqual({
      base,
      restored: null,
      owesWriteback: false,
      unconfirmed: [],
    });
    expect(await journal.owing()).toEqual([]);
  });

  it('[J1] remembers drafts that were about to be sent, until the record is known to have them', async () => {
    const { base } = openMarkdown('# Noise\n');
    await journal.sending('record:a', { base, restored: null, unconfirmed: ['first', 'second'] });
    await reopen();
    expect(await journal.recall('record:a')).toMatchObject({ base, unconfirmed: ['first', 'second'] });
    await journal.settle('record:a', null, { base, restored: null });
    expect(await journal.recall('record:a')).toMatchObject({ unconfirmed: [] });
  });

  it('[V10] remembers the text of a restored version, and owes it, until it is settled without', async () => {
    const { base } = openMarkdown('# Noise\n');
    const restored = openMarkdown('# Silence\n').base;
    await journal.settle('record:a', null, { base, restored: null });
    await journal.sending('record:a', { base, restored, unconfirmed: [] });
    for (const unconfirmed of [['first'], ['first', 'second']]) {
      await journal.sending('record:a', { base, restored, unconfirmed });
      await reopen();
      const entry = { base, restored, owesWriteback: true, unconfirmed };
      expect(await journal.recall('record:a')).toEqual(entry);
      expect(await journal.owing()).toEqual(['record:a']);
    }
    const another = openMarkdown('# Quiet\n').base;
    await journal.settle('record:a', null, { base: restored, restored: another });
    expect(await journal.recall('record:a')).toMatchObject({ base: restored, restored: another });
    await journal.settle('record:a', null, { base: another, restored: null });
    await reopen();
    expect(await journal.recall('record:a')).toMatchObject({ base: another, restored: null });
    expect(await journal.owing()).toEqual([]);
  });

  it('[J1] remembers what a record holds as it grows from one text into another', async () => {
    const random = randomFrom(1);
    const words = (count: number) => Array.from({ length: count }, () => random(1e9).toString(36)).join(' ');
    const long = words(100_000);
    const middle = long.length >> 1;
    const texts = [
      '',
      'short\n',
      long,
      `${long} and more`,
      `before ${long.slice(0, middle)} between ${long.slice(middle)}`,
      long.slice(middle),
      words(100_000),
      'é\u2028\u{1f409}\n',
    ];
    for (const name of ['record:a', 'record:b']) {
      for (const markdown of texts) {
        const base = { ...openMarkdown('').base, markdown };
        await journal.settle(name, null, { base, restored: null });
        await journal.sending(name, { base, restored: null, unconfirmed: ['one'] });
        expect(await journal.recall(name)).toEqual({
          base,
          restored: null,
          owesWriteback: false,
          unconfirmed: ['one'],
        });
      }
      await reopen();
      expect((await journal.recall(name))?.base.markdown).toBe(texts.at(-1));
    }
  });

  it('[J2] lets no append wait while the long text of a record is taken in', async () => {
    const base = { ...openMarkdown('').base, markdown: 'A long record. '.repeat(500_000) };
    const order: string[] = [];
    const settled = journal
      .settle('record:a', null, { base, restored: null })
      .then(() => order.push('settled'));
    await journal.append('record:b', [entry('one')]).then(() => order.push('appended'));
    await settled;
    expect(order).toEqual(['appended', 'settled']);
    expect((await journal.recall('record:a'))?.base).toEqual(base);
  });

  it('[J1] takes the text that came last for the newest, also where one before it could not be stored', async () => {
    const [one, two] = ['one', 'two'].map((markdown) => ({ ...openMarkdown('').base, markdown }));
    if (!one || !two) throw new Error('there are two');
    await Promise.all(
      [one, two, one].map((base) => journal.settle('record:a', null, { base, restored: null })),
    );
    expect((await journal.recall('record:a'))?.base).toEqual(one);
    const mend = await breakLedger(folder);
    await expect(journal.settle('record:a', null, { base: two, restored: null })).rejects.toThrow(
      /disk full|OOM/,
    );
    await mend();
    await journal.settle('record:a', null, { base: two, restored: null });
    expect((await journal.recall('record:a'))?.base).toEqual(two);
  });

  it('[J1] refuses to be used when it is closed', async () => {
    await journal.close();
    await expect(journal.append('record:a', [entry('one')])).rejects.toThrow('closed');
    await expect(journal.read('record:a', null)).rejects.toThrow('closed');
  });
});
