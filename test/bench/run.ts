/**
 * Measures ours beside bare Hocuspocus: `npm run bench [-- rounds]`.
 *
 * Both run on this machine in the same run, in turn, each in a fresh process; the figures are medians over the
 * rounds. Ratios are what to trust: absolute times are this machine's.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { encodeStateVectorFromUpdate } from 'yjs';
import { openSqliteJournal } from '../../extensions/journal/sqlite.ts';
import { openSqliteSnapshots } from '../../extensions/snapshot-stores/sqlite.ts';
import { open, seedUpdate } from '../../markdown/index.ts';
import { CivicPressClient, fieldOf } from '../../server/civicpress/client.ts';
import { encodeSnapshot } from '../../server/snapshot-format.ts';
import { coldLoad } from './cold-load.ts';
import { fanOut } from './fan-out.ts';
import { idleMemory } from './idle-memory.ts';
import { markdownRows } from './markdown.ts';
import { median, ServerProcess } from './measure.ts';

type Row = Record<string, number>;

/** What ours may cost, as a multiple of bare. */
const bound = 1.1;

const rounds = Number(process.argv[2] ?? 3);
const quiet = 'record:quiet';
/** One for each round: what was typed in the one before is not the next one's. */
const typed = Array.from({ length: rounds }, (_, round) => `record:typed-${round}`);
const large = Array.from({ length: 7 }, (_, index) => `record:large-${index}`);

const folder = await mkdtemp(join(tmpdir(), 'realtime-bench-'));
await fillDatabases();
const civicpress = await ServerProcess.start('civicpress', folder);
const civicpressUrl = `http://127.0.0.1:${civicpress.port}`;
const token = await signIn();

const results = { bare: [] as Row[], ours: [] as Row[] };
for (let round = 0; round < rounds; round += 1) {
  for (const kind of round % 2 === 0 ? (['bare', 'ours'] as const) : (['ours', 'bare'] as const)) {
    const row: Row = {};
    for (const measure of [
      (server: ServerProcess) => coldLoad(server, large, quiet, token),
      (server: ServerProcess) => fanOut(server, typed[round] as string, token),
      (server: ServerProcess) => idleMemory(server, quiet, token),
    ]) {
      const server = await ServerProcess.start(kind, folder, civicpressUrl);
      Object.assign(row, await measure(server));
      await server.end();
    }
    results[kind].push(row);
    process.stdout.write(`round ${round + 1}, ${kind}: ${JSON.stringify(row)}\n`);
  }
}
await civicpress.end();
await rm(folder, { recursive: true, force: true });
printTable();
process.stdout.write('\nMarkdown, beside remark-parse + remark-stringify on the same text:\n');
console.table(markdownRows());

function printTable(): void {
  process.stdout.write(`\n| | bare | ours | ours / bare (bound ${bound}) |\n| --- | --- | --- | --- |\n`);
  for (const name of Object.keys(results.bare[0] ?? {})) {
    const [bare, ours] = [results.bare, results.ours].map((rows) =>
      median(rows.map((row) => row[name] as number)),
    );
    const ratio = (ours as number) / (bare as number);
    process.stdout.write(`| ${name} | ${bare?.toFixed(2)} | ${ours?.toFixed(2)} | ${ratio.toFixed(2)} |\n`);
  }
}

/** The same documents for both, and the records that ours belong to. */
async function fillDatabases(): Promise<void> {
  const bare = new DatabaseSync(join(folder, 'bare.sqlite'));
  bare.exec('CREATE TABLE documents (name TEXT PRIMARY KEY, data BLOB NOT NULL)');
  const ours = await openSqliteSnapshots(join(folder, 'ours.sqlite'));
  const journal = await openSqliteJournal(join(folder, 'journal.sqlite'));
  await mkdir(join(folder, 'records'), { recursive: true });
  for (const documentName of [quiet, ...typed, ...large]) {
    const id = documentName.replace('record:', '');
    const markdown = large.includes(documentName) ? textOf500Kb(id) : '# Small\n\nA paragraph.\n';
    const { json, base } = open(markdown);
    const state = seedUpdate(json, id);
    bare.prepare('INSERT INTO documents VALUES (?, ?)').run(documentName, state);
    const at = Date.now();
    const stateVector = encodeStateVectorFromUpdate(state);
    const bytes = encodeSnapshot({ state, stateVector, base, contributors: [], at, covers: null });
    const info = { revision: 1, at, byteSize: bytes.byteLength, contributors: [], name: null };
    await ours.write(documentName, info, bytes);
    await journal.settle(documentName, null, base);
    const frontmatter = `---\nid: ${id}\ntitle: ${id}\ntype: bylaw\nstatus: published\n---\n\n`;
    await writeFile(join(folder, 'records', `${id}.md`), frontmatter + markdown);
  }
  bare.close();
  await ours.close();
  await journal.close();
}

function textOf500Kb(title: string): string {
  const paragraphs = Array.from(
    { length: 1_250 },
    (_, index) =>
      `Section ${index}. ${'The council may by **bylaw** regulate the use of public places and the *hours* of it. '.repeat(4)}`,
  );
  return `# ${title}\n\n${paragraphs.join('\n\n')}\n`;
}

async function signIn(): Promise<string> {
  const client = new CivicPressClient({ url: civicpressUrl, timeoutMs: 5_000 });
  const body = { username: 'alice', role: 'clerk' };
  const reply = await client.send({ method: 'POST', path: '/auth/simulated', body });
  return String(fieldOf(fieldOf(reply.data, 'session'), 'token'));
}
