/**
 * A process that writes, names and removes snapshots of `record:a` until it is killed: what the crash tests of the
 * stores kill. Started with the kind of store and its place; prints `written 7` and `named 7` once that is so.
 */
import { randomBytes } from 'node:crypto';
import { openFilesystemSnapshots } from '../../extensions/snapshot-stores/filesystem.ts';
import { openSqliteSnapshots } from '../../extensions/snapshot-stores/sqlite.ts';
import { encodeSnapshot } from '../../server/snapshot-format.ts';

const [kind, place] = process.argv.slice(2) as ['sqlite' | 'filesystem', string];
const store = await (kind === 'sqlite' ? openSqliteSnapshots(place) : openFilesystemSnapshots(place));
const known = await store.list('record:a');

for (let revision = (known[0]?.revision ?? 0) + 1; ; revision += 1) {
  const bytes = encodeSnapshot({
    state: new Uint8Array(randomBytes(100_000)),
    stateVector: Uint8Array.of(0),
    base: {
      version: 2,
      markdown: `revision ${revision}\n`,
      features: [],
      isOpaque: false,
      dialect: 'tiptap',
    },
    contributors: [],
    at: revision,
    covers: null,
  });
  const info = { revision, at: revision, byteSize: bytes.byteLength, contributors: [], name: null };
  await store.write('record:a', info, bytes);
  process.stdout.write(`written ${revision}\n`);
  await store.rename('record:a', revision, `named ${revision}`);
  process.stdout.write(`named ${revision}\n`);
  await store.remove('record:a', [revision - 5]);
}
