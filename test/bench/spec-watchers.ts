/**
 * Which library notices best that files change? `node test/bench/spec-watchers.ts [--rounds 3] [--files 10000]`.
 *
 * Each one watches a folder of its own in a process of its own, in turn; this process changes the files. The figures
 * are medians over the rounds; docs/decisions/spec-watcher.md says what was made of them.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { watch as watchFolder } from 'node:fs';
import { mkdir, mkdtemp, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { median, percentile } from './statistics.ts';

const libraries = ['parcel', 'chokidar', 'fs.watch'] as const;
type Library = (typeof libraries)[number];

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, files: { type: 'string', default: '10000' } },
  allowPositionals: true,
});
const fileCount = Number(values.files);
const folderCount = 100;
const renames = 200;

interface Report {
  readonly cpuMs: number;
  readonly rssMb: number;
  /** By path, when it was first noticed, in ms since the epoch. */
  readonly noticed: Record<string, number>;
}

async function watchAlone(name: Library, path: string): Promise<void> {
  let noticed: Record<string, number> = {};
  const note = (file: string) => {
    noticed[file] ??= performance.timeOrigin + performance.now();
  };
  const began = performance.now();
  await watchWith[name](path, note);
  process.send?.({ readyMs: performance.now() - began });
  let isBusy = false;
  process.on('message', (order: 'report' | 'busy' | 'forget') => {
    if (order === 'forget') noticed = {};
    if (order === 'report') {
      isBusy = false;
      const { user, system } = process.cpuUsage();
      process.send?.({
        cpuMs: (user + system) / 1_000,
        rssMb: process.memoryUsage.rss() / 1_048_576,
        noticed,
      } satisfies Report);
    }
    if (order !== 'busy') return;
    isBusy = true;
    // Nine tenths of the time something else has the event loop.
    const block = () => {
      if (!isBusy) return;
      const until = performance.now() + 90;
      while (performance.now() < until);
      setTimeout(block, 10);
    };
    block();
  });
}

const watchWith: Record<Library, (path: string, note: (file: string) => void) => Promise<unknown>> = {
  async parcel(path, note) {
    const { default: parcel } = await import('@parcel/watcher');
    return parcel.subscribe(path, (_error, events) => {
      for (const event of events) note(event.path);
    });
  },
  async chokidar(path, note) {
    const { watch } = await import('chokidar');
    const watcher = watch(path, { ignoreInitial: true });
    watcher.on('all', (_event, file) => note(file));
    await once(watcher, 'ready');
  },
  async 'fs.watch'(path, note) {
    watchFolder(path, { recursive: true }, (_event, file) => file && note(join(path, file)));
    await delay(0);
  },
};

async function compareAll(): Promise<void> {
  const rows = new Map<Library, Record<string, number>[]>(libraries.map((name) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const name of libraries) rows.get(name)?.push(await measure(name));
  }
  const columns = Object.keys(rows.get('parcel')?.[0] ?? {});
  process.stdout.write(`| | ${columns.join(' | ')} |\n| --- ${columns.map(() => '| ---: ').join('')}|\n`);
  for (const [name, rounds] of rows) {
    const cells = columns.map((column) => median(rounds.map((figures) => figures[column] ?? Number.NaN)));
    process.stdout.write(`| ${name} | ${cells.map((cell) => cell.toFixed(1)).join(' | ')} |\n`);
  }
}

async function measure(name: Library): Promise<Record<string, number>> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'watchers-')));
  const outside = await mkdtemp(join(tmpdir(), 'watchers-outside-'));
  const files = Array.from({ length: fileCount }, (_, index) =>
    join(root, `E${index % folderCount}`, `E${index % folderCount}-F${index}.md`),
  );
  for (let index = 0; index < folderCount; index += 1) await mkdir(join(root, `E${index}`));
  await inParallel(files, (file) => writeFile(file, `---\nstatus: draft\n---\n\n# ${file}\n`));
  await delay(500);
  const child = fork(import.meta.filename, [name, root], { stdio: 'inherit' });
  const { readyMs } = (await answerOf(child)) as { readyMs: number };
  await delay(1_000);
  const idle = await reportOf(child);

  const latencies: number[] = [];
  let missedRenames = 0;
  for (let index = 0; index < renames; index += 1) {
    const file = files[(index * 37) % files.length] as string;
    const written = join(outside, 'new.md');
    await writeFile(written, `changed ${index}\n`);
    child.send('forget');
    await delay(5);
    const at = performance.timeOrigin + performance.now();
    await rename(written, file);
    await delay(150);
    const seen = (await reportOf(child)).noticed[file];
    if (seen === undefined) missedRenames += 1;
    else latencies.push(seen - at);
  }

  child.send('forget');
  child.send('busy');
  await delay(50);
  await inParallel(files, async (file) => {
    const written = `${file}.tmp`;
    await writeFile(written, 'all at once\n');
    await rename(written, file);
  });
  await delay(10_000);
  const burst = await reportOf(child);
  const missed = files.filter((file) => burst.noticed[file] === undefined).length;
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (const path of [root, outside]) await rm(path, { recursive: true, force: true });
  return {
    'ready, ms': readyMs,
    'memory, MB': idle.rssMb,
    'CPU to be ready, ms': idle.cpuMs,
    'rename p50, ms': median(latencies),
    'rename p99, ms': percentile(latencies, 0.99),
    'renames missed': missedRenames,
    'CPU for the burst, ms': burst.cpuMs - idle.cpuMs,
    [`missed of ${fileCount}`]: missed,
  };
}

async function reportOf(child: ChildProcess): Promise<Report> {
  child.send('report');
  return (await answerOf(child)) as Report;
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const [answer] = await once(child, 'message');
  return answer;
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values();
  const workers = Array.from({ length: 16 }, async () => {
    for (const item of left) await work(item);
  });
  await Promise.all(workers);
}

const [library, folder] = positionals as [Library | undefined, string | undefined];
if (library && folder) await watchAlone(library, folder);
else await compareAll();
