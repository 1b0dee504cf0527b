/**
 * What the ways to compress a snapshot cost: the figures of docs/decisions/snapshot-compression.md.
 *
 * Run it with `node test/bench/snapshot-format.ts`. The documents are laws that were opened and then edited 2,000
 * times by three people, at random places; the seed is fixed, so that two runs compress the same bytes. Laws made up by
 * a program repeat themselves, so the real records of `../shared/corpus`, where they are, come as one more document.
 */

import { glob, readFile } from 'node:fs/promises';
import { constants, deflateSync, inflateSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import * as Y from 'yjs';
import { open, seedUpdate } from '../../markdown/index.ts';
import { type Random, randomFrom } from '../markdown/helpers/random.ts';
import { median } from './statistics.ts';
import { law } from './texts.ts';

const kilobytes = [10, 500, 5_000];
const edits = 2_000;
const rounds = 5;

const zstd = (level: number) => ({
  name: `zstd ${level}`,
  compress: (bytes: Uint8Array) =>
    zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } }),
  decompress: (bytes: Uint8Array) => zstdDecompressSync(bytes),
});
const deflate = (level: number) => ({
  name: `deflate ${level}`,
  compress: (bytes: Uint8Array) => deflateSync(bytes, { level }),
  decompress: (bytes: Uint8Array) => inflateSync(bytes),
});
const ways = [zstd(1), zstd(3), zstd(6), deflate(1), deflate(6)];

const documents = kilobytes.map((size) => ({ name: `law, ${size} KB`, markdown: law(size * 1_000) }));
const real = await realRecords();
if (real !== '')
  documents.push({ name: `real records, ${Math.round(real.length / 1_000)} KB`, markdown: real });

for (const { name: document, markdown } of documents) {
  const state = editedState(markdown);
  const content = Buffer.concat([Buffer.from(JSON.stringify({ markdown })), state]);
  console.table(
    ways.map(({ name, compress, decompress }) => {
      const compressed = compress(content);
      return {
        document,
        'content, KB': Math.round(content.length / 1_000),
        way: name,
        'compressed, KB': Math.round(compressed.length / 1_000),
        'compress, ms': medianMs(() => compress(content)),
        'decompress, ms': medianMs(() => decompress(compressed)),
      };
    }),
  );
}

async function realRecords(): Promise<string> {
  let text = '';
  const folder = new URL('../../../shared/corpus/', import.meta.url).pathname;
  for await (const name of glob('**/*.md', { cwd: folder }))
    text += `${await readFile(folder + name, 'utf8')}\n\n`;
  return text;
}

function editedState(markdown: string): Uint8Array {
  const random = randomFrom(1);
  const people = [1, 2, 3].map((clientID) => Object.assign(new Y.Doc(), { clientID }));
  const seed = seedUpdate(open(markdown).json, 'law');
  for (const doc of people) {
    Y.applyUpdate(doc, seed, 'others');
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === 'others') return;
      for (const other of people) if (other !== doc) Y.applyUpdate(other, update, 'others');
    });
  }
  for (let edit = 0; edit < edits; edit += 1) editAtRandom(people[edit % people.length] as Y.Doc, random);
  return Y.encodeStateAsUpdate(people[0] as Y.Doc);
}

/** A word more, or a few characters less, in some block that holds text. */
function editAtRandom(doc: Y.Doc, random: Random): void {
  const blocks = doc.getXmlFragment('default');
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const element = blocks.get(random(blocks.length));
    const text = element instanceof Y.XmlElement ? element.get(0) : undefined;
    if (!(text instanceof Y.XmlText) || text.length < 10) continue;
    const place = random(text.length - 5);
    if (random(10) < 7) text.insert(place, `${random(1e6).toString(36)} `);
    else text.delete(place, 5);
    return;
  }
}

function medianMs(run: () => unknown): number {
  const times = Array.from({ length: rounds }, () => {
    const startedAt = performance.now();
    run();
    return performance.now() - startedAt;
  });
  return Math.round(median(times) * 10) / 10;
}
