/**
 * Tries the server beside a CivicPress of your own, in records that it makes and archives again:
 * `npm run test:civicpress -- --url http://127.0.0.1:3000 --username admin --password …`, and
 * - `--by publish,direct` how others save meanwhile, for `--minutes 3` each, `--per-minute 20`: `publish` a draft, change
 *   what is published `direct`ly, `both` in turn, or by `git` in the folder `--data`
 * - `--only people` or `records` for a part of it
 * - `--realtime http://127.0.0.1:3001` for a server that runs already, as in CivicPress' own process
 *
 * The account has to have the rights to create, edit and delete (that is, archive) records of the type `policy`, and to
 * manage users for what happens when those are taken their rights. CivicPress counts requests: with its default of 1,000
 * in 15 minutes more than three minutes are too many; give it RATE_LIMIT_MAX for longer ones.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Program } from '../helpers/program.ts';
import { type Beside, Office } from './office.ts';
import { saveFromOutside } from './outside.ts';
import { peopleTrials } from './people-trials.ts';
import { recordTrials } from './record-trials.ts';
import { waysOf } from './ways.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    username: { type: 'string' },
    password: { type: 'string' },
    minutes: { type: 'string', default: '3' },
    'per-minute': { type: 'string', default: '20' },
    by: { type: 'string', default: 'publish,direct' },
    data: { type: 'string' },
    only: { type: 'string', default: 'records,people,outside' },
    realtime: { type: 'string' },
  },
});
const { url, username, password } = values;
if (!url || !username || !password) {
  process.stderr.write('Say which CivicPress, and as whom: --url … --username … --password …\n');
  process.exit(1);
}
const parts = values.only.split(',');
const minutes = Number(values.minutes);
const perMinute = Number(values['per-minute']);
const ways = waysOf(values.by.split(','), values.data);

const folder = await mkdtemp(join(tmpdir(), 'civicpress-trial-'));
let program: Program | undefined;
process.on('exit', () => void program?.end('SIGKILL').catch(() => undefined));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const office = await Office.open(url.replace(/\/+$/, ''), { username, password }, await server());
let failed = 0;
const trials = [
  ...(parts.includes('records') ? recordTrials : []),
  ...(parts.includes('people') ? peopleTrials : []),
];
for (const { name, run } of trials) {
  try {
    const remark = await run(office);
    say(`ok    ${name}${remark ? `: ${remark}` : ''}`);
  } catch (error) {
    failed += 1;
    say(`FAIL  ${name}: ${(error as Error).message}`);
  }
}
for (const way of parts.includes('outside') ? ways : []) {
  const result = await saveFromOutside(office, { minutes, perMinute, way });
  const { typed, saved, savedPerMinute, refused, lost, doubled } = result;
  const isFine = lost.length + doubled.length === 0;
  if (!isFine) failed += 1;
  say(
    `${isFine ? 'ok   ' : 'FAIL '} ${typed} words typed by three, ${saved} saved elsewhere by ${way.name}, ` +
      `${savedPerMinute.toFixed(1)} a minute (${refused} refused by CivicPress): ` +
      `lost ${lost.length} ${lost}, doubled ${doubled.length} ${doubled}`,
  );
}
const left = await office.tidyUp();
if (left.length > 0) say(`Not archived, since CivicPress refuses: ${left.join(', ')}`);
await program?.end();
await rm(folder, { recursive: true, force: true, maxRetries: 5 });
process.exit(failed === 0 ? 0 : 1);

async function server(): Promise<Beside> {
  if (values.realtime) return { url: values.realtime.replace(/\/+$/, ''), kill: null };
  program = await start();
  return {
    url: program.url,
    kill: async () => {
      await program?.end('SIGKILL');
      program = await start();
      return program.url;
    },
  };
}

function start(): Promise<Program> {
  return Program.start(folder, [], {
    REALTIME_CIVICPRESS_URL: String(url),
    REALTIME_CIVICPRESS_USERNAME: String(username),
    REALTIME_CIVICPRESS_PASSWORD: String(password),
    REALTIME_CIVICPRESS_TIMEOUT_MS: '10000',
    REALTIME_DOCUMENT_DIALECT: 'civicpress',
    REALTIME_HOST: '127.0.0.1',
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
