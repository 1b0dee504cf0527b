/**
 * Reads an update no further than anything goes that people make: to decode a few MB of one that says as much as it can
 * in each byte would hold up everybody, before it is even looked at.
 *
 * A law of real life comes to 38 bytes an insertion, the densest to 34: what fits into a frame of 4 MB passes.
 */
import { peekUint8, readUint8, readVarString, readVarUint } from 'lib0/decoding';
import { decodeUpdate, decodeUpdateV2, UpdateDecoderV1 } from 'yjs';

/** Insertions; and as many deletions. */
export const maxPieces = 131_072;

/** Words and values in them. */
const maxValues = 2 * maxPieces;

/** An update below this cannot hold so many: each value takes a byte, each piece two. */
const leastBytes = maxValues;

/** What a value begins with that holds others: they count as well. */
const anyObject = 118;
const anyArray = 117;

export class TooManyPieces extends Error {}

/** @throws TooManyPieces, and whatever Yjs throws at bytes that are no update */
export function decodeBounded(update: Uint8Array): ReturnType<typeof decodeUpdate> {
  return update.byteLength < leastBytes ? decodeUpdate(update) : decodeUpdateV2(update, BoundedDecoder);
}

class BoundedDecoder extends UpdateDecoderV1 {
  #insertions = 0;
  #deletions = 0;
  #values = 0;

  override readInfo(): number {
    this.#insertions += 1;
    if (this.#insertions > maxPieces) throw new TooManyPieces();
    return super.readInfo();
  }

  override readDsClock(): number {
    this.#deletions += 1;
    if (this.#deletions > maxPieces) throw new TooManyPieces();
    return super.readDsClock();
  }

  override readString(): string {
    this.#countValue();
    return super.readString();
  }

  override readAny(): unknown {
    this.#countValue();
    const type = peekUint8(this.restDecoder);
    if (type === anyArray) return this.#readArray();
    return type === anyObject ? this.#readObject() : super.readAny();
  }

  #readArray(): unknown[] {
    readUint8(this.restDecoder);
    const values: unknown[] = [];
    for (let left = readVarUint(this.restDecoder); left > 0; left -= 1) values.push(this.readAny());
    return values;
  }

  #readObject(): Record<string, unknown> {
    readUint8(this.restDecoder);
    const values: Record<string, unknown> = {};
    for (let left = readVarUint(this.restDecoder); left > 0; left -= 1) {
      values[readVarString(this.restDecoder)] = this.readAny();
    }
    return values;
  }

  #countValue(): void {
    this.#values += 1;
    if (this.#values > maxValues) throw new TooManyPieces();
  }
}
