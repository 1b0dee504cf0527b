/** Somebody speaks as another, for very many, or very much: nobody sees a forged name, and a real one stays. */
import { setTimeout as delay } from 'node:timers/promises';
import { createEncoder, toUint8Array, writeVarString, writeVarUint } from 'lib0/encoding';
import { until } from '../../helpers/until.ts';
import { type Attack, between, oneOf } from '../attack.ts';

interface State {
  readonly client: number;
  readonly clock: number;
  /** JSON, as it is sent. */
  readonly state: string;
}

function update(states: readonly State[]): Uint8Array {
  const encoder = createEncoder();
  writeVarUint(encoder, states.length);
  for (const { client, clock, state } of states) {
    writeVarUint(encoder, client);
    writeVarUint(encoder, clock);
    writeVarString(encoder, state);
  }
  return toUint8Array(encoder);
}

export const forgedPresence: Attack = {
  name: 'forged-presence',
  async run(site, random) {
    const recordId = `presence-${random(1e9)}`;
    await site.addRecord(recordId, 'A record.\n');
    const name = `record:${recordId}`;
    const victim = await (await site.join(recordId, 'victim')).synced();
    const witness = await (await site.join(recordId, 'witness')).synced();
    const id = victim.document.clientID;
    const seen = () => witness.provider.awareness?.getStates() ?? new Map();
    victim.provider.setAwarenessField('cursor', { at: 1 });
    await until('the witness sees the victim', () => seen().has(id));

    const mallory = await site.connect().enter(name, await site.tokenOf('rita', 'public'));
    const own = between(random, 1, 1e9);
    const stateWith = (more: string) =>
      `{"user":{"name":"FORGED","id":"victim"},"cursor":{"at":99},"more":${more}}`;
    const forged = stateWith('1');
    const kind = oneOf(random, ['other', 'removal', 'ghosts', 'large', 'flood', 'deep'] as const);
    for (let round = 0; round < 20 && mallory.isOpen; round += 1) {
      const clock = 1_000 + round;
      if (kind === 'other') mallory.awareness(name, update([{ client: id, clock, state: forged }]));
      if (kind === 'removal') mallory.awareness(name, update([{ client: id, clock, state: 'null' }]));
      if (kind === 'ghosts') {
        const ghost = (_: unknown, index: number) => ({ client: index + 1, clock, state: forged });
        mallory.awareness(name, update(Array.from({ length: 20_000 }, ghost)));
      }
      if (kind === 'large') {
        const state = stateWith(`"${'x'.repeat(between(random, 5_000, 3_900_000))}"`);
        mallory.awareness(name, update([{ client: own, clock, state }]));
      }
      if (kind === 'deep') {
        // The shorter ones are no larger than a state may be.
        const depth = oneOf(random, [1_900, 100_000]);
        const state = stateWith('['.repeat(depth) + ']'.repeat(depth));
        mallory.awareness(name, update([{ client: own, clock, state }]));
      }
      for (let count = 0; kind === 'flood' && count < 1_500; count += 1) {
        mallory.awareness(name, update([{ client: own, clock: round * 1_500 + count, state: forged }]));
      }
      await delay(50);
    }
    victim.provider.setAwarenessField('cursor', { at: 2 });
    await until('the witness sees where the victim is', () => seen().get(id)?.cursor?.at === 2);
    const shown = JSON.stringify([...seen().values()]);
    if (shown.includes('FORGED')) throw new Error('somebody sees a forged name');
    if (seen().size > 4) throw new Error(`${seen().size} are seen`);
    if (shown.length > 50_000) throw new Error(`${shown.length} characters of presence are seen`);
    victim.type('record', ' x');
    await victim.saved();
  },
};
