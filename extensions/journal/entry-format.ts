/**
 * Journal entries as bytes, each with a checksum, so that a damaged one is told from those beside it.
 *
 * Format: for each entry the CRC-32 of what follows (4 bytes, little endian), its length, and then: time, user, base
 * (JSON, compressed with zstd), update.
 */

import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import {
  createDecoder,
  hasContent,
  readUint8,
  readUint32,
  readVarString,
  readVarUint,
  readVarUint8Array,
} from 'lib0/decoding';
import {
  createEncoder,
  toUint8Array,
  writeUint8,
  writeUint32,
  writeVarString,
  writeVarUint,
  writeVarUint8Array,
} from 'lib0/encoding';
import type { Base } from '../../markdown/index.ts';
import type { NewJournalEntry } from '../../server/ports.ts';

const hasUser = 1;
const hasBase = 2;

/** @param documentName goes into the checksum: an entry of another document is a damaged one */
export function encodeEntries(documentName: string, entries: readonly NewJournalEntry[]): Uint8Array {
  const encoder = createEncoder();
  for (const entry of entries) {
    const body = encodeEntry(entry);
    writeUint32(encoder, crc32(body, crc32(documentName)));
    writeVarUint8Array(encoder, body);
  }
  return toUint8Array(encoder);
}

export function decodeEntries(
  documentName: string,
  bytes: Uint8Array,
): { entries: NewJournalEntry[]; damaged: number } {
  const decoder = createDecoder(bytes);
  const entries: NewJournalEntry[] = [];
  let damaged = 0;
  try {
    while (hasContent(decoder)) {
      const checksum = readUint32(decoder);
      const body = readVarUint8Array(decoder);
      if (crc32(body, crc32(documentName)) === checksum) entries.push(decodeEntry(body));
      else damaged += 1;
    }
  } catch {
    // A length that is wrong takes along whatever is behind it.
    damaged += 1;
  }
  return { entries, damaged };
}

function encodeEntry({ update, user, at, base }: NewJournalEntry): Uint8Array {
  const encoder = createEncoder();
  writeVarUint(encoder, at);
  writeUint8(encoder, (user ? hasUser : 0) | (base ? hasBase : 0));
  if (user) {
    writeVarString(encoder, user.id);
    writeVarString(encoder, user.name);
  }
  if (base) writeVarUint8Array(encoder, zstdCompressSync(JSON.stringify(base)));
  writeVarUint8Array(encoder, update);
  return toUint8Array(encoder);
}

function decodeEntry(body: Uint8Array): NewJournalEntry {
  const decoder = createDecoder(body);
  const at = readVarUint(decoder);
  const has = readUint8(decoder);
  const user = has & hasUser ? { id: readVarString(decoder), name: readVarString(decoder) } : null;
  const base =
    has & hasBase ? (JSON.parse(zstdDecompressSync(readVarUint8Array(decoder)).toString()) as Base) : null;
  // A copy: a view would keep all that came along with it.
  return { at, user, base, update: readVarUint8Array(decoder).slice() };
}
