import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { open, seedUpdate } from '../../markdown/index.ts';
import type { Snapshot } from '../../server/ports.ts';
import {
  decodeSnapshot,
  encodeSnapshot,
  openSnapshot,
  SnapshotDamaged,
  UnknownSnapshotFormat,
} from '../../server/snapshot-format.ts';
import { randomFrom } from '../markdown/helpers/random.ts';

const small = snapshotOf('# Noise\n\nNo noise after ten.\n');
const bytes = encodeSnapshot(small);

describe('a snapshot as bytes', () => {
  it('[V1] comes back as it was', () => {
    expect(decodeSnapshot(bytes)).toEqual(small);
  });

  it('[V1] comes back as it was to a room that opens, its text when somebody asks', async () => {
    const opened = await openSnapshot(bytes);
    const { base, stateVector, ...rest } = small;
    const { markdown, ...readAs } = base;
    expect(opened).toMatchObject({ ...rest, state: Buffer.from(rest.state), readAs });
    expect(opened.readAs).not.toHaveProperty('markdown');
    expect(await opened.base()).toEqual({ ...readAs, markdown });
  });

  it.each<[string, Partial<Snapshot>]>([
    ['without contributors or a journal', { contributors: [], covers: null }],
    ['with any text as its base', { base: { ...small.base, markdown: '\r\n\u2028 ünï 🏛️ "\\ \u0000' } }],
    ['with nothing in it', { state: new Uint8Array(), stateVector: new Uint8Array() }],
    ['with names in any script', { contributors: [{ id: '7', name: 'Zoë 王\n"' }] }],
  ])('[V1] comes back %s', (_how, change) => {
    const snapshot = { ...small, ...change };
    expect(decodeSnapshot(encodeSnapshot(snapshot))).toEqual(snapshot);
  });

  it('[V1] comes back at any size, out of the middle of other bytes', () => {
    const random = randomFrom(4);
    for (const size of [1, 4_095, 4_096, 100_000, 3_000_000]) {
      const state = Uint8Array.from({ length: size }, () => random(256));
      const encoded = encodeSnapshot({ ...small, state });
      const around = Buffer.concat([Buffer.from('before'), encoded, Buffer.from('after')]);
      const read = decodeSnapshot(around.subarray(6, 6 + encoded.length));
      expect(Buffer.compare(read.state, state)).toBe(0);
    }
  });

  it('is much smaller than the document', () => {
    const long = snapshotOf('A word, and another one, and the next.\n\n'.repeat(500));
    expect(encodeSnapshot(long).length).toBeLessThan(long.state.length / 5);
  });

  it('gives parts with a buffer of their own each, which can change threads', () => {
    const { state, stateVector } = decodeSnapshot(bytes);
    for (const part of [state, stateVector]) expect(part.buffer.byteLength).toBe(part.byteLength);
  });
});

describe('damage', () => {
  it('[V1] of any single bit is found', () => {
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = bytes.slice();
      (flipped[bit >> 3] as number) ^= 1 << (bit & 7);
      expect(() => decodeSnapshot(flipped), `bit ${bit}`).toThrow(SnapshotDamaged);
    }
  });

  it('[V1] by cutting off is found, wherever it is cut', () => {
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decodeSnapshot(bytes.slice(0, length)), `${length} bytes`).toThrow(SnapshotDamaged);
    }
  });

  it.each([
    ['one byte more', Buffer.of(0)],
    ['itself once more', bytes],
    ['another frame', zstdCompressSync(Buffer.from('more'))],
  ])('[V1] by %s at the end is found', (_what, more) => {
    expect(() => decodeSnapshot(Buffer.concat([bytes, more]))).toThrow(SnapshotDamaged);
  });

  it.each(['', 'nonsense', '# Noise\n', 'CPRTSNAP'])(
    '[V1] is what something else is taken for: %j',
    (text) => {
      expect(() => decodeSnapshot(Buffer.from(text))).toThrow(SnapshotDamaged);
      expect(() => decodeSnapshot(Buffer.from(text.padEnd(200)))).toThrow(SnapshotDamaged);
    },
  );
});

describe('bytes whose checksum is right', () => {
  it('[V1] are refused as another format when they say so', () => {
    const newer = () => decodeSnapshot(sealed(3, Buffer.from('whatever it will be')));
    expect(newer).toThrow(UnknownSnapshotFormat);
    expect(newer).toThrow('the snapshot has format 3; this version reads format 2');
  });

  const packed = (length: number) => zstdCompressSync(Buffer.alloc(length));
  const header = { at: 0, covers: null, contributors: [], readAs: {}, stateBytes: 4, textBytes: 4 };

  it.each([
    ['no part', Buffer.from('no part')],
    ['nothing', Buffer.alloc(0)],
    ['a length beyond the end', Buffer.from('\xff\xff\xff\xff{}', 'latin1')],
    ['a header that is not JSON', joined(Buffer.from('no'), Buffer.alloc(0), packed(4), packed(4))],
    ['no frames', joined(header, Buffer.alloc(0), Buffer.from('text'), Buffer.from('state'))],
    ['a state that is longer than it says', joined(header, Buffer.alloc(0), packed(4), packed(40))],
    ['a text that is longer than it says', joined(header, Buffer.alloc(0), packed(40), packed(4))],
  ])('are damaged when they hold %s', async (_what, content) => {
    expect(() => decodeSnapshot(sealed(2, content))).toThrow(SnapshotDamaged);
    await expect(openSnapshot(sealed(2, content)).then(({ base }) => base())).rejects.toThrow(
      SnapshotDamaged,
    );
  });

  it('do not fill the memory when they unfold into more than a document takes', async () => {
    const length = 300 * 1024 * 1024;
    const bomb = joined({ ...header, stateBytes: length }, Buffer.alloc(0), packed(4), packed(length));
    expect(bomb.length).toBeLessThan(100_000);
    expect(() => decodeSnapshot(sealed(2, bomb))).toThrow(SnapshotDamaged);
    await expect(openSnapshot(sealed(2, bomb))).rejects.toThrow(SnapshotDamaged);
  });
});

it('a document that could not be read again is not written', () => {
  const state = new Uint8Array(256 * 1024 * 1024 + 1);
  expect(() => encodeSnapshot({ ...small, state })).toThrow(RangeError);
});

function snapshotOf(markdown: string): Snapshot {
  const { json, base } = open(markdown);
  const state = seedUpdate(json, 'noise');
  const stateVector = Y.encodeStateVectorFromUpdate(state);
  const contributors = [{ id: '1', name: 'Alice' }];
  return { state, stateVector, base, contributors, at: 1_795_000_000_000, covers: '42' };
}

/** Parts as they follow each other: all but the last with their length before them. */
function joined(header: Buffer | object, ...rest: [vector: Buffer, text: Buffer, state: Buffer]): Buffer {
  const [vector, text, state] = rest;
  const json = Buffer.isBuffer(header) ? header : Buffer.from(JSON.stringify(header));
  const parts = [json, vector, text].flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return [length, part];
  });
  return Buffer.concat([...parts, state]);
}

/** What a forger, or another version, could make: anything, with a checksum that is right. */
function sealed(version: number, content: Buffer): Buffer {
  const versioned = Buffer.concat([Buffer.of(version), content]);
  return Buffer.concat([Buffer.from('CPRTSNAP'), createHash('sha256').update(versioned).digest(), versioned]);
}
