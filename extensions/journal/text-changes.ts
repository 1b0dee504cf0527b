/**
 * Texts in short: compressed, and a later one, as a rule much the same, as what it takes to make it of an earlier one.
 */
import { promisify } from 'node:util';
import { constants, type ZstdOptions, zstdCompress, zstdDecompress } from 'node:zlib';

/** In further threads. */
export const compressed = promisify<Uint8Array, ZstdOptions, Buffer>(zstdCompress);
export const decompressed = promisify<Uint8Array, ZstdOptions, Buffer>(zstdDecompress);

/** By default zstd looks for what is alike in the last megabyte only; a record has up to ten. */
const farBack = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_windowLog]: 24,
  [constants.ZSTD_c_hashLog]: 21,
};

/** A change is stored as long as it is so many times shorter than the text: about a tenth of that, compressed. */
const worthAChange = 30;

/** What makes this text of another; `null` where that is so long that it would be a reason to keep both for nothing. */
export async function changeFrom(packed: Uint8Array, text: Uint8Array): Promise<Buffer | null> {
  const dictionary = await decompressed(packed, {});
  const change = await compressed(text, { dictionary, params: farBack });
  return change.length < dictionary.length / worthAChange ? change : null;
}

/** The text that `changeFrom` was given. */
export async function changedBy(packed: Uint8Array, change: Uint8Array): Promise<Buffer> {
  return decompressed(change, { dictionary: await decompressed(packed, {}) });
}
