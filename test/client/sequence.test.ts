import { expect, it } from 'vitest';
import { Sequence, type SpecChangeEvent } from '../../client/watch-specs/sequence.ts';
import type { BatchedChange } from '../../extensions/spec-updates/events.ts';

const timestamp = '2025-03-01T00:00:00.000Z';
const single = (id: string, eventId: string | null, aheadTo?: string): SpecChangeEvent => ({
  event: 'spec.deleted',
  data: { id, timestamp, eventId, ...(aheadTo !== undefined && { aheadTo }) },
});
const batch = (ids: string[], eventId: string | null, aheadTo?: string): SpecChangeEvent => {
  const changes = ids.map((id): BatchedChange => ({ event: 'spec.deleted', id }));
  return {
    event: 'specs.batch',
    data: { changes, timestamp, eventId, ...(aheadTo !== undefined && { aheadTo }) },
  };
};

it('[U31] lets each event through once, in the order of the numbers', () => {
  const sequence = new Sequence();
  expect(sequence.lastEventId).toBeNull();
  sequence.begin('a:3');
  expect(sequence.newIn(single('E1', 'a:3'))).toBeNull();
  expect(sequence.newIn(single('E1', 'a:10'))).not.toBeNull();
  expect(sequence.newIn(single('E1', 'a:9'))).toBeNull();
  expect(sequence.lastEventId).toBe('a:10');
  expect(sequence.newIn(single('E1', 'b:1'))).not.toBeNull();
  expect(sequence.lastEventId).toBe('b:1');
});

it('[U31] passes over what went ahead when its turn comes, and over nothing else', () => {
  const sequence = new Sequence();
  sequence.begin('a:0');
  expect(sequence.newIn(batch(['E1', 'E2'], null, 'a:5'))).not.toBeNull();
  expect(sequence.lastEventId).toBe('a:0');
  expect(sequence.newIn(single('E1', 'a:2'))).toBeNull();
  expect(sequence.newIn(single('E3', 'a:3'))).not.toBeNull();
  expect(sequence.newIn(batch(['E2', 'E4'], 'a:5'))).toEqual(batch(['E4'], 'a:5'));
  expect(sequence.newIn(single('E2', 'a:6'))).not.toBeNull();
  expect(sequence.newIn(single('E2', null, 'a:6'))).toBeNull();
});

it('[U32] begins anew with everything', () => {
  const sequence = new Sequence();
  sequence.begin('a:0');
  sequence.newIn(single('E1', null, 'a:5'));
  sequence.begin('a:2');
  expect(sequence.newIn(single('E1', 'a:3'))).not.toBeNull();
});
