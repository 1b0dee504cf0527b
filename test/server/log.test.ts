/**
 * What an operator reads.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { errors } from '../../server/errors.ts';
import { createLog } from '../../server/log.ts';
import { Operator } from '../helpers/operator.ts';
import { Program } from '../helpers/program.ts';
import { RecordedLog } from '../helpers/recorded-log.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from './visitor.ts';

it('[C6] is one line of JSON, whatever is in it', () => {
  const lines: string[] = [];
  const log = createLog('debug', false, { write: (line) => void lines.push(line) });
  const name = 'a\nb\r\u001b[31m\u009b31m\u2028\u202Ec"\\';
  log.info({ name }, name);
  expect(lines).toHaveLength(1);
  const [line = ''] = lines;
  expect(line).toMatch(/^[\x20-\x7e]+\n$/);
  expect(JSON.parse(line)).toMatchObject({ name, msg: name });
});

it('[C6] names the socket in each line about it, says a refusal once, and never tells a token', async () => {
  const log = new RecordedLog();
  const townHall = await TownHall.open({ log, settings: { 'limits.frame_bytes': 1_048_576 } });
  try {
    const alice = await (await townHall.join('noise-bylaw')).synced();
    const wrongToken = 'wrong.token-of.the-test';
    const wrong = townHall.joinWith('noise-bylaw', wrongToken);
    expect(await wrong.refused()).toBe(errors['not-authenticated'].reason);
    expect(await (await townHall.join('missing')).refused()).toBe(errors['no-such-record'].reason);

    const queryToken = 'query-token-of-the-test';
    const visitor = await new Visitor(
      `${townHall.url}/realtime?token=${queryToken}&features=table`,
    ).entered();
    visitor.ws.send(new Uint8Array(2_000_000));
    await visitor.sentAway();
    for (const path of [
      '/nothing',
      '/api/v1/realtime/records/noise-bylaw/versions',
      '/api/v1/realtime/records/..%2fx/versions',
    ]) {
      const headers = { authorization: `Bearer ${wrongToken}` };
      const answer = await (await fetch(`${townHall.url}${path}?token=${queryToken}`, { headers })).text();
      expect(answer).not.toContain(queryToken);
      expect(answer).not.toContain(wrongToken);
    }
    alice.type('Noise', ' x');
    await alice.saved();

    const tokens = [wrongToken, queryToken, await townHall.tokenOf('alice')];
    const whole = JSON.stringify(log.lines);
    for (const token of tokens) expect(whole).not.toContain(token);
    const refused = log.lines.filter(({ message }) => message === 'refused');
    expect(refused.map(({ fields }) => fields.code).sort()).toEqual(['no-such-record', 'not-authenticated']);
    for (const { fields } of refused) expect(fields.socket).toMatch(/^[\w-]{8}$/);
  } finally {
    await townHall.close();
  }
});

it('[C6] has nothing of a record’s text and no token, at any level', async () => {
  const lines: string[] = [];
  const log = createLog('debug', false, { write: (line) => void lines.push(line) });
  const [marker, adminToken] = ['xylophone-of-the-test', 'a-token-of-the-tests-long-enough'];
  const townHall = await TownHall.open({ log, settings: { 'admin.token': adminToken } });
  try {
    const alice = await (await townHall.join('noise-bylaw')).synced();
    alice.replace('Noise', marker);
    await alice.saved();
    await alice.noticed('saved');
    await townHall.putDraft('noise-bylaw', `${await townHall.draftOf('noise-bylaw')}\n\n${marker} outside\n`);
    const operator = new Operator(townHall.url, adminToken);
    await operator.post('records/noise-bylaw/check');
    await alice.sees(`${marker} outside`);
    await operator.send('POST', 'records/noise-bylaw/document', `${marker} appended\n`);
    await operator.send('PUT', 'records/noise-bylaw/document', marker, { 'if-match': '"old"' });
    await operator.post('convert', { from: 'json', to: 'markdown', content: { type: marker } });
    await operator.put('records/noise-bylaw/versions/1/name', { name: marker });
    townHall.wire.mode = 'error500';
    alice.type(marker, '!');
    await alice.noticed('could-not-save');
    townHall.wire.mode = 'pass';
    await alice.noticed('saved-again');
    alice.sendRaw(2, new TextEncoder().encode(marker));
    await operator.post('revoke', { token: await townHall.tokenOf('alice') });
    await new Operator(townHall.url, marker).get('rooms');
    await operator.post('rooms/record:noise-bylaw/close');
    const whole = lines.join('');
    for (const level of [20, 30, 40]) expect(whole).toContain(`"level":${level},`);
    for (const secret of [marker, adminToken, await townHall.tokenOf('alice')])
      expect(whole).not.toContain(secret);
  } finally {
    await townHall.close();
  }
});

it('[G10] says once what a client is refused, and closes one that goes on', async () => {
  const log = new RecordedLog();
  const townHall = await TownHall.open({ log });
  try {
    const visitor = await new Visitor(`${townHall.url}/realtime`).entered();
    visitor.authenticate('record:noise-bylaw', await townHall.tokenOf('alice'));
    await until('it is in', () => townHall.server.rooms()[0]?.connections === 1);
    let refusals = 0;
    while (visitor.isOpen && refusals < 20) {
      const before = visitor.denials.length;
      visitor.authenticate('record:missing', await townHall.tokenOf('alice'));
      visitor.edit('record:noise-bylaw', Uint8Array.from([1, 255, 255, 255, 3]));
      refusals += 1;
      await until('it is refused', () => visitor.denials.length > before + 1 || !visitor.isOpen);
      visitor.authenticate('record:noise-bylaw', await townHall.tokenOf('alice'));
    }
    const { closeCode: code, reason } = errors['too-many-refusals'];
    expect(await visitor.sentAway()).toEqual({ code, reason });
    expect(refusals).toBeGreaterThan(2);
    const codes = log.lines.filter(({ message }) => message === 'refused').map(({ fields }) => fields.code);
    expect(codes.sort()).toEqual(['invalid-update', 'no-such-record']);
  } finally {
    await townHall.close();
  }
});

it('[C6] has what libraries print as a line of its own, and not twice what was refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'log-'));
  const program = await Program.start(folder);
  try {
    const visitor = await new Visitor(`${program.url}/realtime`).entered();
    visitor.authenticate('record:noise-bylaw', await program.signIn('alice'));
    visitor.edit('record:noise-bylaw', Uint8Array.from([1, 255, 255, 255, 3]));
    await until('it is refused', () => visitor.denials.length > 0);
    visitor.authenticate('record:privacy-policy', await program.signIn('alice'));
    visitor.stammer('record:privacy-policy', 5);
    await until('the log says so', () => program.output.includes('a library printed something'));
    const lines = program.output.split('\n').filter((line) => line.startsWith('{'));
    for (const line of lines) JSON.parse(line);
    expect(lines.filter((line) => line.includes('refused'))).toHaveLength(1);
    expect(program.output).not.toMatch(/^ {4}at /m);
    visitor.ws.terminate();
  } finally {
    await program.end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});
