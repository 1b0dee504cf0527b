/**
 * A snapshot as bytes that know whether they are whole, for any store to keep.
 *
 * ```
 * "CPRTSNAP"    8 bytes
 * SHA-256       32 bytes, of all that follows: no bit can flip unnoticed, and nothing be cut off or added
 * version       1 byte
 * header        4 bytes of length, then JSON: at, covers, contributors, owners, readAs (the base but for its text),
 *               stateBytes and textBytes (what the frames unfold into)
 * state vector  4 bytes of length, then the bytes
 * text          4 bytes of length, then one zstd frame: the base's Markdown in UTF-8, with the state as its dictionary
 * state         one zstd frame, to the end
 * ```
 *
 * Lengths are big-endian. Text and state lie apart because a room that opens needs the state at once, and the text only
 * if the ledger has none. Why zstd, and at which level: docs/decisions/snapshot-compression.md.
 */
import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, type ZstdOptions, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import type { Base } from '../markdown/index.ts';
import type { Snapshot } from './ports.ts';

const magic = Buffer.from('CPRTSNAP', 'latin1');
const digestEnd = magic.length + 32;
const headerStart = digestEnd + 1;
const formatVersion = 2;

const compression = { [constants.ZSTD_c_compressionLevel]: 3 };

/** By default zstd looks for what is alike in the last megabytes only; a state has up to ten. */
const farBack = { ...compression, [constants.ZSTD_c_windowLog]: 24 };

/** Twenty times what a law of 5 MB takes; a frame that unfolds beyond this is refused before it fills the memory. */
const maxPartBytes = 256 * 1024 * 1024;

const decompressedElsewhere = promisify<Uint8Array, ZstdOptions, Buffer>(zstdDecompress);

/** What is unfolded here and now: another thread would take longer to begin. */
const maxBytesHere = 65_536;

/** What of a base is small: how its text was read. */
type ReadAs = Omit<Base, 'markdown'>;

/** What a snapshot says beside the document. */
type About = Omit<Snapshot, 'state' | 'stateVector' | 'base'>;

interface Header extends About {
  readonly readAs: ReadAs;
  readonly stateBytes: number;
  readonly textBytes: number;
}

/** A snapshot whose state is there, and whose text is unfolded when somebody asks for it. */
export interface OpenedSnapshot extends About {
  readonly state: Uint8Array;
  readonly readAs: ReadAs;
  base(): Promise<Base>;
}

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
export function encodeSnapshot(snapshot: Snapshot): Uint8Array<ArrayBuffer> {
  const { state, stateVector, base, ...about } = snapshot;
  const { markdown, ...readAs } = base;
  const text = Buffer.from(markdown);
  for (const { length } of [state, text]) {
    if (length <= maxPartBytes) continue;
    throw new RangeError(
      `a part of a snapshot may hold ${maxPartBytes} bytes, this one would hold ${length}`,
    );
  }
  const sizes = { stateBytes: state.length, textBytes: text.length };
  const header = Buffer.from(JSON.stringify({ ...about, readAs, ...sizes } satisfies Header));
  const packedText = zstdCompressSync(text, { params: farBack, dictionary: state });
  const packedState = zstdCompressSync(state, { params: compression });
  const parts = [header, stateVector, packedText].flatMap((part) => [lengthOf(part), part]);
  const versioned = Buffer.concat([Buffer.of(formatVersion), ...parts, packedState]);
  return new Uint8Array(Buffer.concat([magic, digestOf(versioned), versioned]));
}

/**
 * Holds up the thread for as long as it takes.
 *
 * @throws SnapshotDamaged
 * @throws UnknownSnapshotFormat
 */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const { header, stateVector, packedText, packedState } = partsIn(bytes);
  const { readAs, stateBytes, textBytes, ...about } = header;
  try {
    const state = zstdDecompressSync(packedState, unfoldingTo(stateBytes));
    const text = zstdDecompressSync(packedText, { ...unfoldingTo(textBytes), dictionary: state });
    // Copies, which change threads alone; a part of the content would take all of it along.
    return {
      state: new Uint8Array(state),
      stateVector: new Uint8Array(stateVector),
      base: { ...readAs, markdown: text.toString() },
      ...about,
    };
  } catch (cause) {
    throw new SnapshotDamaged(rightSumWrongContent, cause);
  }
}

/**
 * The same, without holding up the thread.
 *
 * @throws SnapshotDamaged
 * @throws UnknownSnapshotFormat
 */
export async function openSnapshot(bytes: Uint8Array): Promise<OpenedSnapshot> {
  const { header, packedText, packedState } = partsIn(bytes);
  const { readAs, stateBytes, textBytes, ...about } = header;
  const unfold = (packed: Buffer, options: ZstdOptions) =>
    decompressed(packed, options).catch((cause: unknown) => {
      throw new SnapshotDamaged(rightSumWrongContent, cause);
    });
  const state = await unfold(packedState, unfoldingTo(stateBytes));
  return {
    state,
    readAs,
    async base() {
      const text = await unfold(packedText, { ...unfoldingTo(textBytes), dictionary: state });
      return { ...readAs, markdown: text.toString() };
    },
    ...about,
  };
}

const rightSumWrongContent = 'its checksum is right and its content is not';

async function decompressed(packed: Uint8Array, options: ZstdOptions): Promise<Buffer> {
  const isSmall = (options.maxOutputLength ?? 0) <= maxBytesHere;
  return isSmall ? zstdDecompressSync(packed, options) : decompressedElsewhere(packed, options);
}

/** In one piece: by default zlib takes sixteen kilobytes at a time. */
function unfoldingTo(length: number): ZstdOptions {
  return { chunkSize: Math.max(length, 64), maxOutputLength: Math.max(length, 1) };
}

interface Parts {
  readonly header: Header;
  readonly stateVector: Buffer;
  readonly packedText: Buffer;
  readonly packedState: Buffer;
}

function partsIn(bytes: Uint8Array): Parts {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!buffer.subarray(0, magic.length).equals(magic)) throw new SnapshotDamaged('it does not begin as one');
  if (buffer.length <= headerStart) throw new SnapshotDamaged('it is cut off');
  if (!buffer.subarray(magic.length, digestEnd).equals(digestOf(buffer.subarray(digestEnd)))) {
    throw new SnapshotDamaged('its checksum is wrong');
  }
  const version = buffer[digestEnd] as number;
  if (version !== formatVersion) throw new UnknownSnapshotFormat(version);
  try {
    const [json, afterHeader] = partAt(buffer, headerStart);
    const [stateVector, afterVector] = partAt(buffer, afterHeader);
    const [packedText, afterText] = partAt(buffer, afterVector);
    const header = JSON.parse(json.toString()) as Header;
    if (!(header.stateBytes <= maxPartBytes && header.textBytes <= maxPartBytes)) {
      throw new RangeError('it would unfold into more than a document takes');
    }
    return { header, stateVector, packedText, packedState: buffer.subarray(afterText) };
  } catch (cause) {
    throw new SnapshotDamaged(rightSumWrongContent, cause);
  }
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
