/**
 * How far an update is read, in bytes that say as much as they can.
 */
import {
  createEncoder,
  type Encoder,
  toUint8Array,
  writeAny,
  writeUint8,
  writeVarString,
  writeVarUint,
} from 'lib0/encoding';
import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { decodeBounded, maxPieces, TooManyPieces } from '../../server/bounded-decoder.ts';

const many = 3 * maxPieces;

/** One client, with so many structs. */
function insertions(count: number, write: (encoder: Encoder) => void): Uint8Array {
  const encoder = createEncoder();
  for (const value of [1, count, 5, 0]) writeVarUint(encoder, value);
  write(encoder);
  writeVarUint(encoder, 0);
  return toUint8Array(encoder);
}

/** One struct in a root, with content of this kind. */
function content(kind: number, write: (encoder: Encoder) => void): Uint8Array {
  return insertions(1, (encoder) => {
    writeUint8(encoder, kind);
    writeVarUint(encoder, 1);
    writeVarString(encoder, 'default');
    write(encoder);
  });
}

const json = 2;
const any = 8;

const tooMany = {
  'pieces that are gone': insertions(many, (encoder) => {
    for (let count = 0; count < many; count += 1) for (const byte of [0, 1]) writeUint8(encoder, byte);
  }),
  deletions: (() => {
    const encoder = createEncoder();
    for (const value of [0, 1, 5, many]) writeVarUint(encoder, value);
    for (let count = 0; count < many; count += 1) for (const byte of [1, 1]) writeUint8(encoder, byte);
    return toUint8Array(encoder);
  })(),
  'values as JSON': content(json, (encoder) => {
    writeVarUint(encoder, many);
    for (let count = 0; count < many; count += 1) writeVarString(encoder, '1');
  }),
  'values of any kind': content(any, (encoder) => {
    writeVarUint(encoder, many);
    for (let count = 0; count < many; count += 1) writeAny(encoder, null);
  }),
  'values in one': content(any, (encoder) => {
    writeVarUint(encoder, 1);
    writeAny(encoder, [{ all: Array.from({ length: many }, () => null) }]);
  }),
};

it.each(Object.keys(tooMany) as (keyof typeof tooMany)[])('[L13] reads no more than may be: %s', (what) => {
  expect(() => decodeBounded(tooMany[what])).toThrow(TooManyPieces);
});

it('[L13] reads what is allowed as Yjs does', () => {
  const document = new Y.Doc();
  const attributes = { level: 2, list: [1, 'two', { three: [null, true, 1.5] }], words: 'x'.repeat(300_000) };
  document.getArray('all').insert(0, [attributes, [], {}, 'text']);
  const element = new Y.XmlElement('paragraph');
  document.getXmlFragment('default').insert(0, [element]);
  element.insert(0, [new Y.XmlText('Words.')]);
  document.getArray('all').delete(1, 1);
  const update = Y.encodeStateAsUpdate(document);
  expect(decodeBounded(update)).toEqual(Y.decodeUpdate(update));
});
