/**
 * What is sent to CivicPress, as JSON in bytes. The text of a long record is encoded bit by bit: all of 5 MB at once would
 * hold up everybody's edits for 40 ms.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** So many characters are encoded in one turn of the event loop: about 8 ms. */
const charactersInTurn = 1_000_000;

export async function jsonBytes(body: unknown): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Buffer[] = [];
  for (const text of textsOf(body)) {
    if (parts.length > 0) await nextTurn();
    parts.push(Buffer.from(text));
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** JSON in pieces that are worked out when they are asked for. */
function* textsOf(body: unknown): Generator<string> {
  const fields = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  const long = fields.filter(([, value]) => typeof value === 'string' && value.length > charactersInTurn);
  if (long.length === 0) return yield JSON.stringify(body);
  const others = fields.filter((field) => !long.includes(field));
  yield JSON.stringify(Object.fromEntries(others)).slice(0, -1);
  for (const [index, [name, value]] of long.entries()) {
    yield `${others.length + index > 0 ? ',' : ''}${JSON.stringify(name)}:"`;
    for (let at = 0; at < value.length; at += charactersInTurn) {
      // Between the halves of a character each is escaped, and whoever parses it puts them together again.
      yield JSON.stringify(value.slice(at, at + charactersInTurn)).slice(1, -1);
    }
    yield '"';
  }
  yield '}';
}
