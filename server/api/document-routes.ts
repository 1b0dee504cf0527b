/**
 * A record's live document: read in several formats, given another text, or more of it. For whoever may edit the record.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { BadRequest } from '../bad-request.ts';
import type { Documents, Edit, Edited, ReadDocument } from '../documents.ts';
import { RealtimeError } from '../errors.ts';
import { documentOf, isAdministrator } from './access.ts';
import { callerOf, concerning } from './audit.ts';
import { bytes, textAs, withSchemas } from './schemas.ts';
import { recordParams } from './shapes.ts';

export interface DocumentRoutesOptions {
  readonly documents: Documents;
  /** Of a text. */
  readonly maxBodyBytes: number;
}

const tags = ['documents'];

const ifMatch = z.looseObject({
  'if-match': z.string().max(200).optional().describe('The ETag of the version that was seen.'),
});

/** As it came: that it is UTF-8 is for us to see. */
const markdownBody = {
  content: { 'text/markdown': { schema: z.instanceof(Uint8Array).meta({ type: 'string' }) } },
};

const edited = z.object({
  version: z.string().describe('Of the document now, as in its ETag.'),
  before: z.int().describe('The revision of the state before: restoring it takes this back.'),
});

/** A page that shows it by mistake runs nothing of it. */
const shownHarmlessly = { 'content-security-policy': "default-src 'none'; sandbox" };

export function documentRoutes(scope: FastifyInstance, options: DocumentRoutesOptions): void {
  const { documents, maxBodyBytes } = options;
  scope.addContentTypeParser('text/markdown', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  const app = withSchemas(scope);

  app.get(
    '/records/:recordId/document',
    {
      schema: {
        tags,
        operationId: 'readDocument',
        summary:
          'The live document as Markdown, as ProseMirror JSON, as a Yjs update or as HTML; its ETag is its version.',
        params: recordParams,
        querystring: z.object({ format: z.enum(['markdown', 'json', 'yjs', 'html']).default('markdown') }),
        response: {
          200: {
            content: {
              ...textAs('text/markdown').content,
              'application/json': { schema: z.record(z.string(), z.unknown()) },
              ...bytes.content,
              ...textAs('text/html').content,
            },
          },
        },
      },
    },
    async ({ params, query }, reply) => {
      const documentName = documentOf(params.recordId);
      if (query.format === 'json')
        return answered(reply, await documents.json(documentName), 'application/json');
      if (query.format === 'yjs') {
        const { version, content } = await documents.state(documentName);
        return answered(reply, { version, content: Buffer.from(content) }, 'application/octet-stream');
      }
      if (query.format === 'markdown')
        return answered(reply, await documents.markdown(documentName), 'text/markdown; charset=utf-8');
      reply.headers(shownHarmlessly);
      return answered(reply, await documents.html(documentName), 'text/html; charset=utf-8');
    },
  );

  const writing = {
    params: recordParams,
    headers: ifMatch,
    body: markdownBody,
    response: { 200: edited },
  };

  app.put(
    '/records/:recordId/document',
    {
      bodyLimit: maxBodyBytes,
      schema: {
        ...writing,
        tags,
        operationId: 'replaceDocument',
        summary:
          'Makes the document say this Markdown, by an edit that everybody in the room sees; 409 when it is not the version in If-Match any more.',
      },
    },
    async (request, reply) => {
      const seen = versionIn(request);
      if (seen === undefined) throw new RealtimeError('version-missing');
      const documentName = documentOf(request.params.recordId);
      return said(reply, await documents.replace(documentName, textIn(request), editOf(request, seen)));
    },
  );

  app.post(
    '/records/:recordId/document',
    {
      bodyLimit: maxBodyBytes,
      schema: {
        ...writing,
        tags,
        operationId: 'appendToDocument',
        summary:
          'Writes this Markdown behind what the document says; with If-Match only if it is still that version.',
      },
    },
    async (request, reply) => {
      const documentName = documentOf(request.params.recordId);
      const edit = editOf(request, versionIn(request) ?? null);
      return said(reply, await documents.append(documentName, textIn(request), edit));
    },
  );

  function editOf(request: FastifyRequest, seen: string | null): Edit {
    const user = callerOf(request);
    return { user, seen, isAdministrators: isAdministrator(user) };
  }

  function said(reply: FastifyReply, { version, before }: Edited): Edited {
    concerning(reply.request, { before });
    reply.header('etag', `"${version}"`);
    return { version, before };
  }
}

function answered(
  reply: FastifyReply,
  { version, content }: ReadDocument<unknown>,
  type: string,
): FastifyReply {
  return reply.type(type).header('etag', `"${version}"`).send(content);
}

/** `null` for any; `undefined` when nothing was said. */
function versionIn({ headers }: FastifyRequest): string | null | undefined {
  const given = headers['if-match'];
  if (given === undefined) return undefined;
  if (given.trim() === '*') return null;
  const [, version] = /^\s*"([^"]*)"\s*$/.exec(given) ?? [];
  if (version === undefined) throw new BadRequest('If-Match is one ETag, with its quotation marks, or *.');
  return version;
}

/** @throws BadRequest for what is no Markdown in UTF-8 */
function textIn({ body }: FastifyRequest): string {
  if (!(body instanceof Uint8Array))
    throw new BadRequest('The body is Markdown, with Content-Type: text/markdown.');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw new BadRequest('The body is not valid UTF-8. Nothing was changed.');
  }
}
