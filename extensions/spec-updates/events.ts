/**
 * What subscribers are told: the events of spec files, as schemas and as types.
 *
 * Every transport sends an event's name and its `data`, unchanged. `eventId` is `<epoch>:<number>`: numbers grow by
 * one within an epoch, and a server that starts anew begins a new epoch (several nodes go on with theirs). Whoever comes back names the last one that
 * it saw. `null` stands where an event goes ahead of others that are older: then the one before it is still the last.
 */
import { z } from 'zod';
import { specIdPattern } from './spec-id.ts';

const specId = z.string().regex(specIdPattern);
const text = z.string().nullable();

export const specMetadata = z.strictObject({
  id: specId,
  title: text,
  /** Of the spec that it is part of. */
  parent: specId.nullable(),
  type: text,
  status: text,
  priority: text,
  /** As the file has them, such as `2025-03-11`. */
  created: text,
  updated: text,
  /** Ids. */
  dependencies: z.array(z.string()),
  /** Of the file, below the watched folder, with `/`. */
  path: z.string(),
  /** What is the matter with the file; none when all is well. */
  warnings: z.array(z.string()),
});

export const changeNames = ['spec.created', 'spec.updated', 'spec.deleted'] as const;

const created = z.strictObject({ id: specId, metadata: specMetadata });
/** `changes` names the fields that differ, and `content` when the text does. */
const updated = created.extend({ changes: z.array(z.string()).min(1) });
const deleted = z.strictObject({ id: specId });

const batched = z.discriminatedUnion('event', [
  created.extend({ event: z.literal('spec.created') }),
  updated.extend({ event: z.literal('spec.updated') }),
  deleted.extend({ event: z.literal('spec.deleted') }),
]);

const stamp = {
  timestamp: z.iso.datetime(),
  eventId: z.string().nullable(),
  /** Beside an `eventId` of `null`: of these specs everything was told up to there. */
  aheadTo: z.string().optional(),
};

export const specEvent = z.discriminatedUnion('event', [
  z.strictObject({ event: z.literal('spec.created'), data: created.extend(stamp) }),
  z.strictObject({ event: z.literal('spec.updated'), data: updated.extend(stamp) }),
  z.strictObject({ event: z.literal('spec.deleted'), data: deleted.extend(stamp) }),
  /** Several changes at once; each spec is in it once. */
  z.strictObject({
    event: z.literal('specs.batch'),
    data: z.strictObject({ changes: z.array(batched).min(1), ...stamp }),
  }),
  /** Everything as it is now, in place of all that was told before: what was missed is too long ago to be told. */
  z.strictObject({
    event: z.literal('specs.reset'),
    data: z.strictObject({ specs: z.array(specMetadata), ...stamp }),
  }),
]);

export type SpecMetadata = z.infer<typeof specMetadata>;
export type SpecEvent = z.infer<typeof specEvent>;
export type SpecEventName = SpecEvent['event'];
export type SpecChangeName = (typeof changeNames)[number];
/** One of several in a `specs.batch`. */
export type BatchedChange = z.infer<typeof batched>;

const texts = new WeakMap<SpecEvent, string>();

/** The event's `data` as JSON; printed once for all who are told the same. */
export function dataTextOf(event: SpecEvent): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const printed = JSON.stringify(event.data);
  texts.set(event, printed);
  return printed;
}
