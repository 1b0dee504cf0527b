/**
 * Updates that no editor makes: few bytes that ask Yjs for very much work, beside a text of one piece.
 */
import {
  createEncoder,
  type Encoder,
  toUint8Array,
  writeUint8,
  writeVarString,
  writeVarUint,
} from 'lib0/encoding';
import * as Y from 'yjs';

/** An item's first byte: it holds text, and says what stood left or right of it, or in which key it is. */
const text = 4;
const left = 0x80;
const right = 0x40;
const key = 0x20;

/** The Yjs client that `plainText` was typed by. */
export const typist = 77;

/** A text of so many characters in one piece. Its first character has the clock 1. */
export function plainText(characters: number): Uint8Array {
  const document = new Y.Doc();
  document.clientID = typist;
  const words = new Y.XmlText();
  document.getXmlFragment('default').insert(0, [words]);
  words.insert(0, 'x'.repeat(characters));
  return Y.encodeStateAsUpdate(document);
}

function update(write: (encoder: Encoder) => void): Uint8Array {
  const encoder = createEncoder();
  write(encoder);
  return toUint8Array(encoder);
}

function clientBegins(encoder: Encoder, items: number, client: number): void {
  for (const value of [items, client, 0]) writeVarUint(encoder, value);
}

export interface Place {
  readonly client: number;
  readonly clock: number;
}

function idOf(encoder: Encoder, clock: number, client = typist): void {
  writeVarUint(encoder, client);
  writeVarUint(encoder, clock);
}

export const crafted = {
  /** One character of each of very many clients, all in the same place. */
  inOnePlace: (count: number, client: number) =>
    update((encoder) => {
      writeVarUint(encoder, count);
      for (let one = count; one > 0; one -= 1) {
        clientBegins(encoder, 1, client + one);
        writeUint8(encoder, text | left);
        idOf(encoder, 1);
        writeVarString(encoder, 'x');
      }
      writeVarUint(encoder, 0);
    }),
  /** Each is said to stand between the first character and one that is further and further away. */
  farApart: (count: number, client: number, from = 0) =>
    update((encoder) => {
      writeVarUint(encoder, 1);
      writeVarUint(encoder, count);
      writeVarUint(encoder, client);
      writeVarUint(encoder, from);
      for (let one = from; one < from + count; one += 1) {
        writeUint8(encoder, text | left | right);
        idOf(encoder, 1);
        idOf(encoder, 3 + one);
        writeVarString(encoder, 'x');
      }
      writeVarUint(encoder, 0);
    }),
  /** Each between two places of one's own choice; `null` is the end. */
  between: (places: readonly (readonly [Place, Place | null])[], client: number) =>
    update((encoder) => {
      writeVarUint(encoder, 1);
      clientBegins(encoder, places.length, client);
      for (const [before, behind] of places) {
        writeUint8(encoder, text | left | (behind ? right : 0));
        idOf(encoder, before.clock, before.client);
        if (behind) idOf(encoder, behind.clock, behind.client);
        writeVarString(encoder, 'x');
      }
      writeVarUint(encoder, 0);
    }),
  /** Sets one key again and again, as if it had never been set. */
  inOneKey: (count: number, client: number) =>
    update((encoder) => {
      writeVarUint(encoder, 1);
      clientBegins(encoder, count, client);
      for (let one = 0; one < count; one += 1) {
        writeUint8(encoder, text | key);
        writeVarUint(encoder, 1);
        writeVarString(encoder, 'default');
        writeVarString(encoder, 'title');
        writeVarString(encoder, 'x');
      }
      writeVarUint(encoder, 0);
    }),
  /** Cuts the text in very many pieces, from its end on. */
  cuts: (count: number, client: number) =>
    update((encoder) => {
      writeVarUint(encoder, 1);
      clientBegins(encoder, count, client);
      for (let one = count - 1; one >= 0; one -= 1) {
        writeUint8(encoder, text | left | right);
        idOf(encoder, 2 + one * 2);
        idOf(encoder, 3 + one * 2);
        writeVarString(encoder, 'x');
      }
      writeVarUint(encoder, 0);
    }),
  /** An item that stands in itself. */
  inItself: (client: number) =>
    update((encoder) => {
      writeVarUint(encoder, 1);
      clientBegins(encoder, 1, client);
      writeUint8(encoder, text);
      writeVarUint(encoder, 0);
      idOf(encoder, 0, client);
      writeVarString(encoder, 'x');
      writeVarUint(encoder, 0);
    }),
  /** A mark or an embed whose value is so many lists in each other. */
  deepValue: (levels: number, client: number, kind: 'mark' | 'embed') =>
    update((encoder) => {
      writeVarUint(encoder, 1);
      clientBegins(encoder, 1, client);
      writeUint8(encoder, kind === 'mark' ? 6 : 5);
      writeVarUint(encoder, 1);
      writeVarString(encoder, 'default');
      if (kind === 'mark') writeVarString(encoder, 'bold');
      writeVarString(encoder, '['.repeat(levels) + ']'.repeat(levels));
      writeVarUint(encoder, 0);
    }),
  /** Two clients, each of which says that the other's item was there first. */
  besideEachOther: (client: number) =>
    update((encoder) => {
      writeVarUint(encoder, 2);
      for (const [one, other] of [
        [client + 1, client],
        [client, client + 1],
      ] as const) {
        clientBegins(encoder, 1, one);
        writeUint8(encoder, text | left);
        idOf(encoder, 0, other);
        writeVarString(encoder, 'x');
      }
      writeVarUint(encoder, 0);
    }),
  /** Deletes every other character. */
  holes: (count: number, _client: number) =>
    update((encoder) => {
      writeVarUint(encoder, 0);
      writeVarUint(encoder, 1);
      writeVarUint(encoder, typist);
      writeVarUint(encoder, count);
      for (let one = 0; one < count; one += 1) {
        writeVarUint(encoder, 2 + one * 2);
        writeVarUint(encoder, 1);
      }
    }),
} as const;
