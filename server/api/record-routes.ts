/**
 * Of one record: its versions, who wrote what, and what is to be done about it now. For whoever may edit the record.
 */
import { z } from 'zod';
import { recordIdOf } from '../document-name.ts';
import { RealtimeError } from '../errors.ts';
import type { OpenRooms } from '../open-rooms.ts';
import type { ReadingRooms } from '../reading-rooms.ts';
import type { Versions } from '../versions.ts';
import { documentOf, isAdministrator } from './access.ts';
import { callerOf, concerning } from './audit.ts';
import { type ApiInstance, bytes, textAs } from './schemas.ts';
import { line, recordParams, revision, time, versionInfo, versionParams } from './shapes.ts';

export interface RecordRoutesOptions {
  readonly versions: Versions;
  readonly rooms: Pick<OpenRooms, 'recordChanged'>;
  readonly readingRooms: Pick<ReadingRooms, 'has'>;
}

const tags = ['records'];

export function recordRoutes(app: ApiInstance, { versions, rooms, readingRooms }: RecordRoutesOptions): void {
  app.get(
    '/records/:recordId/versions',
    {
      schema: {
        tags,
        operationId: 'listVersions',
        summary: 'The versions of the record, newest first.',
        params: recordParams,
        response: { 200: z.object({ versions: z.array(versionInfo) }) },
      },
    },
    async ({ params }) => ({
      versions: (await versions.list(documentOf(params.recordId))).map((info) => ({
        ...info,
        contributors: [...info.contributors],
      })),
    }),
  );

  app.get(
    '/records/:recordId/versions/:revision',
    {
      schema: {
        tags,
        operationId: 'readVersion',
        summary: 'A version as the Markdown that it saves to, or as a Yjs update.',
        params: versionParams,
        querystring: z.object({ format: z.enum(['markdown', 'yjs']).default('markdown') }),
        response: { 200: { content: { ...textAs('text/markdown').content, ...bytes.content } } },
      },
    },
    async ({ params, query }, reply) => {
      const documentName = documentOf(params.recordId);
      if (query.format === 'markdown') {
        const markdown = await versions.markdown(documentName, params.revision);
        return reply.type('text/markdown; charset=utf-8').send(markdown);
      }
      const state = await versions.state(documentName, params.revision);
      return reply.type('application/octet-stream').send(Buffer.from(state));
    },
  );

  app.put(
    '/records/:recordId/versions/:revision/name',
    {
      schema: {
        tags,
        operationId: 'nameVersion',
        summary: 'Names a version, which keeps it for good; null takes the name away.',
        params: versionParams,
        body: z.strictObject({ name: line(100).nullable() }),
        response: { 200: z.object({ revision: z.int(), name: z.string().nullable() }) },
      },
    },
    async (request) => {
      const { recordId, revision: named } = request.params;
      const { name } = request.body;
      concerning(request, { revision: named });
      await versions.rename(documentOf(recordId), named, name);
      return { revision: named, name };
    },
  );

  app.post(
    '/records/:recordId/versions/:revision/restore',
    {
      schema: {
        tags,
        operationId: 'restoreVersion',
        summary: 'Makes a version the present again, by an edit that everybody in the room sees.',
        params: versionParams,
        response: {
          200: z.object({
            restored: z.int(),
            before: z.int().describe('The state before: restoring it takes this back.'),
            revision: z.int().describe('The state now.'),
          }),
        },
      },
    },
    async (request) => {
      const { recordId, revision: wanted } = request.params;
      const documentName = documentOf(recordId);
      const user = callerOf(request);
      concerning(request, { revision: wanted });
      if (readingRooms.has(documentName) && !isAdministrator(user)) throw new RealtimeError('room-read-only');
      return versions.restore(documentName, wanted, user);
    },
  );

  app.get(
    '/records/:recordId/compare',
    {
      schema: {
        tags,
        operationId: 'compareVersions',
        summary: 'A unified diff of the Markdown of two versions; without `to`, with the live document.',
        params: recordParams,
        querystring: z.object({ from: revision, to: revision.optional() }),
        response: { 200: textAs('text/x-diff') },
      },
    },
    async ({ params, query }, reply) => {
      const diff = await versions.compare(documentOf(params.recordId), query.from, query.to ?? null);
      return reply.type('text/x-diff; charset=utf-8').send(diff);
    },
  );

  app.get(
    '/records/:recordId/authors',
    {
      schema: {
        tags,
        operationId: 'listAuthors',
        summary: 'Who typed what each block of the document holds now.',
        params: recordParams,
        response: {
          200: z.object({
            blocks: z.array(
              z.object({
                index: z.int(),
                text: z.string().describe('How the block begins.'),
                authors: z.array(
                  z.object({ userId: z.string(), name: z.string().nullable(), characters: z.int() }),
                ),
                fromRecord: z.int().describe('Characters that were typed by nobody here.'),
              }),
            ),
          }),
        },
      },
    },
    async ({ params }) => ({
      blocks: (await versions.authors(documentOf(params.recordId))).map((block) => ({
        ...block,
        authors: [...block.authors],
      })),
    }),
  );

  app.post(
    '/records/:recordId/check',
    {
      config: { changesNothing: true },
      schema: {
        tags,
        operationId: 'checkRecord',
        summary: 'The record was changed elsewhere: whoever has it open is brought up to date now.',
        params: recordParams,
        response: { 200: z.object({ isOpen: z.boolean() }) },
      },
    },
    async ({ params }) => ({ isOpen: rooms.recordChanged(recordIdOf(documentOf(params.recordId))) }),
  );

  app.post(
    '/records/:recordId/snapshot',
    {
      schema: {
        tags,
        operationId: 'makeSnapshot',
        summary: 'Makes a version of what the document holds now; none when nothing changed.',
        params: recordParams,
        response: {
          200: z
            .object({ snapshotCreated: z.boolean(), version: z.int().nullable(), timestamp: time })
            .describe('As CivicPress’ own route answers.'),
        },
      },
    },
    async ({ params }) => {
      const made = await versions.snapshot(documentOf(params.recordId));
      return { snapshotCreated: made !== null, version: made?.revision ?? null, timestamp: Date.now() };
    },
  );
}
