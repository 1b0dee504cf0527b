/**
 * Markdown, ProseMirror JSON and Yjs, each from each, and HTML from any: of texts that nobody has open. For
 * administrators: it is done in the thread that also opens and saves records, one at a time.
 */
import { z } from 'zod';
import { dialectNames, featuresHeldBy } from '../../markdown/dialects.ts';
import { allFeatures } from '../../markdown/features.ts';
import type { NodeJson } from '../../markdown/index.ts';
import { BadRequest } from '../bad-request.ts';
import type { Converter } from '../conversion/converter.ts';
import { sourceFormats, targetFormats } from '../conversion/formats.ts';
import { RealtimeError } from '../errors.ts';
import type { ApiInstance } from './schemas.ts';

export interface ConversionRoutesOptions {
  readonly converter: Pick<Converter, 'convert'>;
  readonly maxBodyBytes: number;
}

/** So many wait at most: records are opened by the same thread. */
const mostAtOnce = 4;

const content = z
  .union([z.string(), z.record(z.string(), z.unknown())])
  .describe('Markdown or HTML as text, ProseMirror JSON as it is, a Yjs update in Base64.');

export function conversionRoutes(
  app: ApiInstance,
  { converter, maxBodyBytes }: ConversionRoutesOptions,
): void {
  let underWay = 0;

  app.post(
    '/convert',
    {
      bodyLimit: maxBodyBytes,
      config: { changesNothing: true },
      schema: {
        tags: ['conversion'],
        operationId: 'convert',
        summary:
          'Converts a text or a document that nobody has open: Markdown, ProseMirror JSON, Yjs, and to HTML.',
        body: z.strictObject({
          from: z.enum(sourceFormats),
          to: z.enum(targetFormats),
          content,
          dialect: z.enum(dialectNames).default('tiptap'),
          features: z
            .array(z.enum(allFeatures))
            .optional()
            .describe('What the editor has nodes for; all that the dialect can hold when unset.'),
        }),
        response: { 200: z.object({ content }) },
      },
    },
    async ({ body }) => {
      const { from, to, dialect } = body;
      if ((from === 'json') !== (typeof body.content === 'object'))
        throw new BadRequest('"content" is an object for "json", and a text for all others.');
      const features = body.features ?? featuresHeldBy(dialect);
      const given = from === 'yjs' ? Buffer.from(body.content as string, 'base64') : body.content;
      if (underWay >= mostAtOnce) throw new RealtimeError('too-many-requests', { retryAfterMs: 1_000 });
      underWay += 1;
      try {
        const result = await converter.convert({
          from,
          to,
          content: given as string | NodeJson | Uint8Array,
          dialect,
          features,
        });
        const isBytes = result instanceof Uint8Array;
        return { content: (isBytes ? Buffer.from(result).toString('base64') : result) as string };
      } finally {
        underWay -= 1;
      }
    },
  );
}
