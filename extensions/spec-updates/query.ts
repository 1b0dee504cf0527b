/**
 * What a stream of events asks for, in its address: a filter, a pace, where to go on, and a ticket.
 *
 * @example /api/events/specs?specIds=E13-*,E14&includeChildren=true&events=spec.updated&maxPerSecond=5
 */
import { z } from 'zod';
import { type SpecFilter, specFilter } from './filter.ts';
import { pace } from './watch.ts';

/** Of the fields that are lists: values stand between commas, or the name comes several times. */
const listed = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => [value].flat().flatMap((text) => text.split(',').map((item) => item.trim())));
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

const query = z.strictObject({
  specIds: listed.optional(),
  includeChildren: flag.optional(),
  events: listed.optional(),
  status: listed.optional(),
  priority: listed.optional(),
  maxPerSecond: z.coerce.number().pipe(pace).optional(),
  /** For those who can set no header; the header `Last-Event-ID` goes before it. */
  lastEventId: z.string().max(64).optional(),
  ticket: z.string().max(128).optional(),
});

export interface StreamQuery {
  readonly filter: SpecFilter;
  readonly maxPerSecond: number | undefined;
  readonly lastEventId: string | undefined;
  readonly ticket: string | undefined;
}

/** A sentence that says what is wrong, without the values: one may be a token that somebody put there. */
export class BadQuery extends Error {
  readonly statusCode = 400;

  constructor({ issues }: z.ZodError) {
    super(issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; '));
  }
}

/** @throws BadQuery */
export function streamQueryOf(parameters: unknown): StreamQuery {
  const parsed = query.safeParse(parameters);
  if (!parsed.success) throw new BadQuery(parsed.error);
  const { maxPerSecond, lastEventId, ticket, ...rest } = parsed.data;
  const filter = specFilter.safeParse(rest);
  if (!filter.success) throw new BadQuery(filter.error);
  return { filter: filter.data, maxPerSecond, lastEventId, ticket };
}
