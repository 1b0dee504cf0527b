/**
 * A snapshot as bytes that know whether they are whole, for any store to keep. Pure: values in, values out.
 *
 * ```
 * "CPRTSNAP"   8 bytes
 * SHA-256      32 bytes, of all that follows: no bit can flip unnoticed, and nothing be cut off or added
 * version      1 byte
 * content      one zstd frame, to the end:
 *                header        4 bytes of length, then JSON: base, contributors, at, covers, owners
 *                state vector  4 bytes of length, then the bytes
 *                state         the rest
 * ```
 *
 * Lengths are big-endian. Why zstd, and at which level: docs/decisions/snapshot-compression.md.
 */
import { hash } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Snapshot } from './ports.ts';

const magic = Buffer.from('CPRTSNAP', 'latin1');
const digestEnd = magic.length + 32;
const formatVersion = 1;
const frameStart = digestEnd + 1;

const compression = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/** Sixteen times what a law of 5 MB takes; a frame that unfolds beyond this is refused before it fills the memory. */
const maxContentBytes = 256 * 1024 * 1024;

type Header = Omit<Snapshot, 'state' | 'stateVector'>;

/** These bytes are not what {@link encodeSnapshot} made. Trying again does not help: an older snapshot does. */
export class SnapshotDamaged extends Error {
  /** What is left of the class behind a thread's border. */
  readonly code = 'snapshot-damaged';

  constructor(what: string, cause?: unknown) {
    super(`the snapshot is damaged: ${what}`, { cause });
    this.name = 'SnapshotDamaged';
  }
}

/** These bytes are whole, but written by a version of this server that keeps snapshots in another format. */
export class UnknownSnapshotFormat extends Error {
  readonly code = 'snapshot-format';

  constructor(version: number) {
    super(`the snapshot has format ${version}; this version reads format ${formatVersion}`);
    this.name = 'UnknownSnapshotFormat';
  }
}

/** @throws RangeError when the document is too large to be read again */
export function encodeSnapshot({ state, stateVector, ...header }: Snapshot): Uint8Array<ArrayBuffer> {
  const { base, contributors, at, covers, owners } = header;
  const json = Buffer.from(JSON.stringify({ base, contributors, at, covers, owners } satisfies Header));
  const content = Buffer.concat([lengthOf(json), json, lengthOf(stateVector), stateVector, state]);
  if (content.length > maxContentBytes) {
    throw new RangeError(
      `a snapshot may hold ${maxContentBytes} bytes, this one would hold ${content.length}`,
    );
  }
  const versioned = Buffer.concat([Buffer.of(formatVersion), zstdCompressSync(content, compression)]);
  return new Uint8Array(Buffer.concat([magic, digestOf(versioned), versioned]));
}

/**
 * @throws SnapshotDamaged
 * @throws UnknownSnapshotFormat
 */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!buffer.subarray(0, magic.length).equals(magic)) throw new SnapshotDamaged('it does not begin as one');
  if (buffer.length <= frameStart) throw new SnapshotDamaged('it is cut off');
  if (!buffer.subarray(magic.length, digestEnd).equals(digestOf(buffer.subarray(digestEnd)))) {
    throw new SnapshotDamaged('its checksum is wrong');
  }
  const version = buffer[digestEnd] as number;
  if (version !== formatVersion) throw new UnknownSnapshotFormat(version);
  try {
    return snapshotIn(zstdDecompressSync(buffer.subarray(frameStart), { maxOutputLength: maxContentBytes }));
  } catch (cause) {
    throw new SnapshotDamaged('its checksum is right and its content is not', cause);
  }
}

function snapshotIn(content: Buffer): Snapshot {
  const [json, afterHeader] = partAt(content, 0);
  const [stateVector, afterVector] = partAt(content, afterHeader);
  const { base, contributors, at, covers, owners } = JSON.parse(json.toString()) as Header;
  // Copies, which change threads alone; a part of the content would take all of it along.
  return {
    state: new Uint8Array(content.subarray(afterVector)),
    stateVector: new Uint8Array(stateVector),
    base,
    contributors,
    at,
    covers,
    ...(owners && { owners }),
  };
}

/** A part that is preceded by its length, and where it ends. */
function partAt(content: Buffer, start: number): [part: Buffer, end: number] {
  const end = start + 4 + content.readUInt32BE(start);
  if (end > content.length) throw new RangeError('a part is longer than the content');
  return [content.subarray(start + 4, end), end];
}

function lengthOf(part: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.byteLength);
  return length;
}

function digestOf(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}
