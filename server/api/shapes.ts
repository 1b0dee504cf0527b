/**
 * Shapes that several routes of the API share.
 */
import { z } from 'zod';

export const time = z.number().describe('In ms since the epoch.');

export const revision = z.coerce
  .number({ error: 'A version is a whole number from 1 on, such as 3.' })
  .int('A version is a whole number from 1 on, such as 3.')
  .min(1, 'A version is a whole number from 1 on, such as 3.')
  .max(999_999_999);

export const recordParams = z.object({ recordId: z.string() });

export const versionParams = recordParams.extend({ revision });

export const roomParams = z.object({ documentName: z.string().describe('Such as record:noise-bylaw.') });

export const pageQuery = z.object({
  after: z.string().max(300).default('').describe('What `next` was, of the page before.'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

export const next = z.string().nullable().describe('`after` of the next page; null behind the last.');

export const person = z.object({ id: z.string(), name: z.string() });

export const versionInfo = z.object({
  revision: z.int(),
  at: time,
  byteSize: z.int().describe('As it is stored.'),
  contributors: z.array(person),
  name: z.string().nullable().describe('Given by somebody; one with a name is never cleaned up.'),
});

/** A text of one line, such as a name or a reason. */
export function line(most: number) {
  return z
    .string()
    .refine(
      (text) =>
        text.trim() !== '' && [...text].length <= most && !/\p{Cc}/u.test(text) && text.isWellFormed(),
      `must be a text of 1 to ${most} characters without control characters`,
    );
}
