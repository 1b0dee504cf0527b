/**
 * Processes that are killed while they write: what they said they had written is there, whole, and nothing else is in
 * the way. `SIGKILL` shows nothing about power cuts; against those stand the fsyncs.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { openFilesystemSnapshots } from '../../../extensions/snapshot-stores/filesystem.ts';
import { openSqliteSnapshots } from '../../../extensions/snapshot-stores/sqlite.ts';
import { decodeSnapshot } from '../../../server/snapshot-format.ts';

const rounds = 5;
const writer = join(import.meta.dirname, '../../helpers/snapshot-writer.ts');

it.each([
  ['sqlite', (folder: string) => join(folder, 'snapshots.sqlite'), openSqliteSnapshots],
  ['filesystem', (folder: string) => join(folder, 'snapshots'), openFilesystemSnapshots],
] as const)('[P3] %s has what it wrote before it was killed', async (kind, placeIn, open) => {
  const folder = await mkdtemp(join(tmpdir(), 'crash-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const place = placeIn(folder);
  const said: string[] = [];
  let newest = 0;
  for (let round = 1; round <= rounds; round += 1) {
    said.push(...(await writeUntilKilled(kind, place)));
    const written = Math.max(...said.filter((line) => line.startsWith('written ')).map(numberIn));
    const store = await open(place);
    const infos = await store.list('record:a');
    // Perhaps one more, which was written and could not be told any more.
    expect([written, written + 1]).toContain(infos[0]?.revision);
    expect(written).toBeGreaterThan(newest);
    for (const { revision, at, byteSize, name } of infos) {
      const bytes = await store.read('record:a', revision);
      expect(bytes?.byteLength).toBe(byteSize);
      expect(decodeSnapshot(bytes as Uint8Array).base.markdown).toBe(`revision ${revision}\n`);
      expect(at).toBe(revision);
      const named = `named ${revision}`;
      expect(said.includes(named) ? [named] : [named, null]).toContain(name);
    }
    // The removal of an older one may have been cut off in each round.
    expect(infos.length).toBeLessThanOrEqual(6 + round);
    newest = infos[0]?.revision ?? 0;
    await store.close();
  }
});

const numberIn = (line: string) => Number(line.split(' ')[1]);

/** What the process could say before it died. */
async function writeUntilKilled(kind: string, place: string): Promise<string[]> {
  const child = spawn(process.execPath, [writer, kind, place], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  // Any moment of a write, of naming or of removing.
  await delay(Math.random() * 60);
  child.kill('SIGKILL');
  await closed;
  return said.split('\n').slice(0, -1);
}
