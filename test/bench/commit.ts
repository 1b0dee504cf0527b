/**
 * What does an edit cost at the least that is on the disk before it is acknowledged? `node test/bench/commit.ts`
 *
 * The parts of one commit, each asked for now and then, as a few people type: a question that another thread answers, a
 * write that is on the disk, the same by SQLite, and the journal's own append. CPU of the whole process, beyond what the
 * pause between two of them costs by itself; what all do in turn, a little each time.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openSqliteJournal } from '../../extensions/journal/sqlite.ts';
import { WorkerCalls, workerBeside } from '../../server/worker-calls.ts';
import type { CommitMethods } from './commit-worker.ts';
import { median } from './statistics.ts';

const pauseMs = 10;
const inATurn = 25;
const turns = 20;

const folder = await mkdtemp(join(tmpdir(), 'realtime-commit-'));
const calls = new WorkerCalls<CommitMethods>(
  workerBeside(import.meta.url, 'commit-worker'),
  { folder },
  'over',
);
const journal = await openSqliteJournal(join(folder, 'journal.sqlite'));
const update = new Uint8Array(30).fill(7);
const entryOf = (at: number) => ({
  update: update.slice(),
  user: { id: '1', name: 'Alice' },
  at,
  base: null,
});

const ways: Readonly<Record<string, () => Promise<unknown>>> = {
  'the pause alone': async () => undefined,
  'a question to another thread': () => calls.call('nothing'),
  'a page written to the disk there': () => calls.call('write'),
  'the same as a commit of SQLite': () => calls.call('commit', update),
  'an append to the journal': () => journal.append('record:one', [entryOf(Date.now())]),
  'seven, to as many documents, at once': () =>
    Promise.all(
      Array.from({ length: 7 }, (_, document) => journal.append(`record:${document}`, [entryOf(Date.now())])),
    ),
};

const found = new Map<string, number[]>(Object.keys(ways).map((way) => [way, []]));
// In the first turn all is compiled, opened and grown.
for (let turn = -1; turn < turns; turn += 1) {
  for (const [way, perform] of Object.entries(ways)) {
    const before = process.cpuUsage();
    for (let time = 0; time < inATurn; time += 1) {
      await perform();
      await delay(pauseMs);
    }
    const { user, system } = process.cpuUsage(before);
    if (turn >= 0) found.get(way)?.push((user + system) / inATurn);
  }
}
const pause = median(found.get('the pause alone') ?? []);
console.table(
  Object.fromEntries(
    [...found].map(([way, micros]) => [way, { 'CPU, µs': Math.round(median(micros) - pause) }]),
  ),
);

await calls.close();
await journal.close();
await rm(folder, { recursive: true });
