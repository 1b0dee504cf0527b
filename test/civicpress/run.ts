/**
 * Tries the server beside a CivicPress of your own, in records that it makes and archives again:
 * `npm run test:civicpress -- --url http://127.0.0.1:3000 --username admin --password … [--minutes 3 --per-minute 20]`.
 *
 * The account has to have the rights to create, edit and delete (that is, archive) records of the type `policy`. CivicPress counts requests: with
 * its default of 1,000 in 15 minutes more than three minutes are too many; give it RATE_LIMIT_MAX for longer ones.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Program } from '../helpers/program.ts';
import { Office } from './office.ts';
import { publishFromOutside } from './outside.ts';
import { trials } from './trials.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    username: { type: 'string' },
    password: { type: 'string' },
    minutes: { type: 'string', default: '3' },
    'per-minute': { type: 'string', default: '20' },
  },
});
const { url, username, password } = values;
if (!url || !username || !password) {
  process.stderr.write('Say which CivicPress, and as whom: --url … --username … --password …\n');
  process.exit(1);
}

const folder = await mkdtemp(join(tmpdir(), 'civicpress-trial-'));
const program = await Program.start(folder, [], {
  REALTIME_CIVICPRESS_URL: url,
  REALTIME_CIVICPRESS_USERNAME: username,
  REALTIME_CIVICPRESS_PASSWORD: password,
  REALTIME_CIVICPRESS_TIMEOUT_MS: '10000',
  REALTIME_DOCUMENT_DIALECT: 'civicpress',
  REALTIME_HOST: '127.0.0.1',
});
process.on('exit', () => void program.end('SIGKILL').catch(() => undefined));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const office = await Office.open(url.replace(/\/+$/, ''), { username, password }, program);
let failed = 0;
for (const { name, run } of trials) {
  try {
    const remark = await run(office);
    say(`ok    ${name}${remark ? `: ${remark}` : ''}`);
  } catch (error) {
    failed += 1;
    say(`FAIL  ${name}: ${(error as Error).message}`);
  }
}
const minutes = Number(values.minutes);
const perMinute = Number(values['per-minute']);
if (minutes > 0) {
  const { typed, saved, refused, lost, doubled } = await publishFromOutside(office, { minutes, perMinute });
  if (lost.length + doubled.length > 0) failed += 1;
  say(
    `${lost.length + doubled.length > 0 ? 'FAIL ' : 'ok   '} ${typed} words typed by three, ${saved} saved elsewhere ` +
      `(${refused} refused by CivicPress): lost ${lost.length} ${lost}, doubled ${doubled.length} ${doubled}`,
  );
} else say('NOT TRIED: publishing from outside, with --minutes 0');
const left = await office.tidyUp();
if (left.length > 0) say(`Not archived, since CivicPress refuses: ${left.join(', ')}`);
await program.end();
await rm(folder, { recursive: true, force: true, maxRetries: 5 });
process.exit(failed === 0 ? 0 : 1);

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
