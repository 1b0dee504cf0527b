/**
 * How much is logged, changed while the server runs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { errors } from '../../server/errors.ts';
import { createLog } from '../../server/log.ts';
import { LogLevels } from '../../server/log-levels.ts';
import { Operator } from '../helpers/operator.ts';
import { Program } from '../helpers/program.ts';
import { RecordedLog } from '../helpers/recorded-log.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

const adminToken = 'a-token-of-the-tests-long-enough';

it('[T8] changes by the API, and goes back by itself', async () => {
  const lines: string[] = [];
  const log = createLog('warn', false, { write: (line) => void lines.push(line) });
  const townHall = await TownHall.open({ log, settings: { 'admin.token': adminToken } });
  try {
    const operator = new Operator(townHall.url, adminToken);
    expect((await operator.get('log-level')).body).toEqual({
      level: 'warn',
      configured: 'warn',
      until: null,
    });
    const { body } = await operator.put('log-level', { level: 'debug', seconds: 1 });
    expect(body).toEqual({ level: 'debug', configured: 'warn', until: expect.any(Number) });
    await operator.get('nothing-here');
    expect(lines.length).toBeGreaterThan(1);
    await until('it goes back', async () => (await operator.get('log-level')).body.level === 'warn');
    const count = lines.length;
    await operator.get('rooms/record:missing');
    expect(lines).toHaveLength(count);
    for (const wrong of [{}, { level: 'loud' }, { level: 'info', seconds: 0 }, { level: 'info', more: 1 }]) {
      expect((await operator.put('log-level', wrong)).status).toBe(400);
    }
  } finally {
    await townHall.close();
  }
});

it('[T8] is not ours to change where the log is somebody else’s', async () => {
  expect(LogLevels.of(new RecordedLog())).toBeNull();
  const townHall = await TownHall.open({ log: new RecordedLog(), settings: { 'admin.token': adminToken } });
  try {
    const { status, body } = await new Operator(townHall.url, adminToken).put('log-level', {
      level: 'debug',
    });
    expect(status).toBe(409);
    expect(body).toMatchObject({ error: { code: 'not-our-log', message: errors['not-our-log'].reason } });
  } finally {
    await townHall.close();
  }
});

it('[T8] tells more after a signal, and less after the next', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'log-levels-'));
  const program = await Program.start(folder);
  try {
    program.signal('SIGUSR2');
    await until('it tells more', () => program.output.includes('"level":"debug","seconds":600'));
    program.signal('SIGUSR2');
    await until('it tells less', () => program.output.includes('"from":"debug"'));
  } finally {
    await program.end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});
