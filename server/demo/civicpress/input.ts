/** What the routes accept in a body or a query; anything else is refused with CivicPress' list of wrong fields. */
import { z } from 'zod';
import { type InvalidField, refusals } from './errors.ts';

const draftFields = z.object({
  title: z.string().optional(),
  type: z.string().optional(),
  status: z.string().optional(),
  workflowState: z.string().optional(),
  markdownBody: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  geography: z.record(z.string(), z.unknown()).optional(),
  attachedFiles: z.array(z.unknown()).optional(),
  linkedRecords: z.array(z.unknown()).optional(),
  linkedGeographyFiles: z.array(z.unknown()).optional(),
});

/** A new record says `content` where a draft says `markdownBody`. */
const newRecord = draftFields.omit({ markdownBody: true }).extend({
  title: z.string().min(1),
  type: z.string().min(1),
  content: z.string().optional(),
});

/** What is published, past any draft. */
const recordChange = draftFields.omit({ type: true, workflowState: true, markdownBody: true }).extend({
  content: z.string().optional(),
  authors: z.array(z.unknown()).optional(),
});

const publication = z.object({ status: z.string().min(1).optional() });

/** Compared and not matched: a pattern over millions of characters can exhaust the stack. */
const isBase64 = (text: string) => text !== '' && Buffer.from(text, 'base64').toString('base64') === text;

const collabSnapshot = z.object({
  snapshot: z.string().refine(isBase64),
  version: z.int().nonnegative(),
  info: z.record(z.string(), z.unknown()).optional(),
});

const SORTS = ['updated_desc', 'created_desc', 'title_asc', 'title_desc'] as const;
const listQuery = z.object({
  type: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(300).default(50),
  page: z.coerce.number().int().min(1).default(1),
  sort: z.enum(SORTS).default('created_desc'),
});

export type CollabSnapshotInput = z.infer<typeof collabSnapshot>;
export type DraftFields = z.infer<typeof draftFields>;
export type ListQuery = z.infer<typeof listQuery>;

export const readDraftFields = (body: unknown) => read(draftFields, body, 'body');
export const readNewRecord = (body: unknown) => read(newRecord, body, 'body');
export const readRecordChange = (body: unknown) => read(recordChange, body, 'body');
export const readPublication = (body: unknown) => read(publication, body, 'body');
export const readCollabSnapshot = (body: unknown) => read(collabSnapshot, body, 'body');
export const readListQuery = (query: unknown) => read(listQuery, query, 'query');

/** A field of a body or query that may be anything, when it is text. */
export function textField(input: unknown, name: string): string | undefined {
  const value = fieldOf(input, name);
  return typeof value === 'string' ? value : undefined;
}

function read<S extends z.ZodType>(
  schema: S,
  input: unknown,
  location: InvalidField['location'],
): z.infer<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const paths = new Set(result.error.issues.map((issue) => String(issue.path[0] ?? '')));
  throw refusals.invalidRecordData(
    [...paths].map((path) => ({ path, location, value: fieldOf(input, path), msg: SENTENCES[path] })),
  );
}

/** What the validator says of these fields; of every other one "Invalid value". */
const SENTENCES: Record<string, string> = {
  limit: 'Limit must be between 1 and 300',
  page: 'Page must be a positive integer',
  sort: `Sort must be one of: ${SORTS.join(', ')}`,
};

/** A field of the input itself, never one that it inherits. */
function fieldOf(input: unknown, name: string): unknown {
  return typeof input === 'object' && input !== null
    ? Object.entries(input).find(([key]) => key === name)?.[1]
    : undefined;
}
