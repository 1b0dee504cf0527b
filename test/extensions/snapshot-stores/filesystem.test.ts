/** What only the folder of snapshots has to keep to; the rest is in `test/contract/snapshot-store.test.ts`. */
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openFilesystemSnapshots } from '../../../extensions/snapshot-stores/filesystem.ts';
import type { SnapshotInfo } from '../../../server/ports.ts';

const contributors = [{ id: '1', name: 'Alice' }];
const info: SnapshotInfo = { revision: 1, at: 1_795_000_000_000, byteSize: 3, contributors, name: 'kept' };
const bytes = Uint8Array.of(10, 2, 3);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'filesystem-snapshots-'));
  onTestFinished(() => rm(folder, { recursive: true }));
});

async function opened() {
  const store = await openFilesystemSnapshots(folder);
  onTestFinished(() => store.close());
  return store;
}

it('leaves nothing but the file, and nothing at all of what was removed', async () => {
  const store = await opened();
  await store.write('record:a', info, bytes);
  await store.rename('record:a', 1, 'again');
  expect((await readdir(folder, { recursive: true })).sort()).toEqual([
    '.unfinished',
    'record.a',
    'record.a/1.snapshot',
  ]);
  await store.remove('record:a', [1]);
  expect(await readdir(folder)).toEqual(['.unfinished']);
});

it.each(['record:../../etc', 'record:', '..', 'record:a/b', 'record:a\0'])(
  'has no file for %j',
  async (name) => {
    const store = await opened();
    await expect(store.write(name, info, bytes)).rejects.toThrow('invalid-document-name');
    await expect(store.list(name)).rejects.toThrow('invalid-document-name');
    expect(await readdir(folder)).toEqual(['.unfinished']);
  },
);

describe('what a crash left', () => {
  it('is not taken for a snapshot', async () => {
    const store = await opened();
    await store.write('record:a', info, bytes);
    await writeFile(join(folder, '.unfinished', 'half'), '{"at":');
    await mkdir(join(folder, 'record.empty'));
    await mkdir(join(folder, 'lost+found'));
    await writeFile(join(folder, 'record.a', '2.snapshot.old'), 'nonsense');
    const again = await opened();
    expect(await again.documents()).toEqual(['record:a']);
    expect(await again.list('record:a')).toEqual([info]);
    expect(await again.list('record:empty')).toEqual([]);
  });

  it('is swept at the next start, once nobody can still be writing it', async () => {
    await opened();
    const [old, young] = ['old', 'young'].map((name) => join(folder, '.unfinished', name)) as [
      string,
      string,
    ];
    await writeFile(old, 'half');
    await writeFile(young, 'half');
    const twoMinutesAgo = Date.now() / 1_000 - 120;
    await utimes(old, twoMinutesAgo, twoMinutesAgo);
    await opened();
    expect(await readdir(join(folder, '.unfinished'))).toEqual(['young']);
  });
});

describe('a damaged first line', () => {
  it.each([
    ['that is no JSON', '{"at":17950000x', 3],
    ['that says something else', '[1, 2, 3]', 3],
    ['of the wrong kinds', '{"at":"soon","name":7,"contributors":[]}', 3],
  ])('%s costs what it said, and not the snapshot', async (_how, line, byteSize) => {
    const store = await opened();
    await store.write('record:a', info, bytes);
    const file = join(folder, 'record.a', '1.snapshot');
    const content = await readFile(file);
    await writeFile(file, Buffer.concat([Buffer.from(line), content.subarray(content.indexOf('\n'))]));
    const at = expect.any(Number);
    expect(await store.list('record:a')).toEqual([
      { revision: 1, at, byteSize, contributors: [], name: null },
    ]);
    expect(await store.read('record:a', 1)).toEqual(bytes);
  });

  it('that never ends leaves the revision taken', async () => {
    const store = await opened();
    await store.write('record:a', info, bytes);
    await writeFile(join(folder, 'record.a', '1.snapshot'), 'x'.repeat(100_000));
    expect(await store.list('record:a')).toMatchObject([{ revision: 1, byteSize: 100_000 }]);
    expect(await store.read('record:a', 1)).toHaveLength(100_000);
  });

  it('longer than one block is read to its end', async () => {
    const store = await opened();
    const many = Array.from({ length: 500 }, (_, index) => ({ id: String(index), name: `Person ${index}` }));
    await store.write('record:a', { ...info, contributors: many }, bytes);
    expect(await store.list('record:a')).toEqual([{ ...info, contributors: many }]);
  });
});
