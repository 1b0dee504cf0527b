/** Structs of a Y.Doc as an update of their own, for those who take a long document in parts. */

import { writeVarUint } from 'lib0/encoding';
import { type GC, type Item, UpdateEncoderV1 } from 'yjs';

export type Struct = Item | GC;

/**
 * What they say, and not what of it is deleted.
 *
 * @param structs of one client, that follow each other; at least one
 * @param clock from which on the first one is said
 */
export function updateOf(structs: readonly Struct[], clock = (structs[0] as Struct).id.clock): Uint8Array {
  const [first] = structs as [Struct];
  const encoder = new UpdateEncoderV1();
  writeVarUint(encoder.restEncoder, 1);
  writeVarUint(encoder.restEncoder, structs.length);
  encoder.writeClient(first.id.client);
  writeVarUint(encoder.restEncoder, clock);
  for (const struct of structs) struct.write(encoder, struct === first ? clock - first.id.clock : 0);
  writeVarUint(encoder.restEncoder, 0);
  return encoder.toUint8Array();
}
