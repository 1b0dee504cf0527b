/**
 * Reads records and writes their drafts, as the service user.
 *
 * CivicPress' traps are dealt with here: a published body comes trimmed, a draft under another name,
 * a draft that does not exist yet starts with every field empty that is not sent along,
 * and to an ended session a record looks as if it had no draft.
 */
import { z } from 'zod';
import { type ErrorCode, RealtimeError } from '../errors.ts';
import { splitFrontmatter } from '../frontmatter.ts';
import type { Records, RecordText } from '../ports.ts';
import { type Beneath, BeneathDrafts } from './beneath-drafts.ts';
import { fieldOf, type Reply } from './client.ts';
import { keptMetadata } from './kept-metadata.ts';
import type { ServiceSession } from './service-session.ts';

const recordShape = z.object({
  title: z.string(),
  type: z.string(),
  status: z.string().nullish(),
  content: z.string().nullish(),
  markdownBody: z.string().nullish(),
  isDraft: z.boolean().nullish(),
  metadata: z.unknown().optional(),
  geography: z.unknown().optional(),
  attachedFiles: z.unknown().optional(),
  linkedRecords: z.unknown().optional(),
  linkedGeographyFiles: z.unknown().optional(),
  authors: z.unknown().optional(),
  source: z.unknown().optional(),
});

type CivicPressRecord = z.infer<typeof recordShape>;

/** Of the record's file in Git, newest first. */
const versionsShape = z.object({ versions: z.array(z.object({ content: z.string().nullish() })) });

/** Publications that one look into the history goes back: each comes with its whole text. */
const longestHistory = 10;

/** What a new draft has to be given, or publishing it erases it from the record. */
const fieldsBesideTheText = [
  'title',
  'type',
  'status',
  'geography',
  'attachedFiles',
  'linkedRecords',
  'linkedGeographyFiles',
] as const satisfies (keyof CivicPressRecord)[];

/** The part of what CivicPress takes that drafts leave alone, for those who open records and for checks of rights. */
const notForDrafts = 1 / 5;

export class CivicPressRecords implements Records {
  readonly #session: ServiceSession;
  readonly #beneath: BeneathDrafts;

  constructor(session: ServiceSession) {
    this.#session = session;
    this.#beneath = new BeneathDrafts((recordId) => this.#published(recordId));
  }

  async read(recordId: string): Promise<RecordText | null> {
    // Asked for first: between the look at a draft and its writing there is no time for it.
    const early = await this.#beneath.lookIfDue(recordId);
    const record = await this.#fetch(recordId);
    if (record?.isDraft) {
      const beneath = early ?? (await this.#beneath.lookOnce(recordId));
      // To a draft that exists only the text is sent: the other fields may be under someone's hands right now.
      // The type goes along because rights may hang on it.
      const { title, type } = record;
      return { title, markdown: draftBodyOf(record), isDraft: true, fields: { type }, ...beneath };
    }
    this.#beneath.forget(recordId);
    if (record === null) return null;
    const { title, status } = record;
    const markdown = withFinalNewline(record.content ?? record.markdownBody ?? '');
    const isArchived = status === 'archived';
    return { title, markdown, isDraft: false, isArchived, fields: fieldsOf(record) };
  }

  async writeDraft(recordId: string, markdown: string, seen: RecordText): Promise<'written'> {
    const request = { method: 'PUT', path: `/records/${recordId}/draft` } as const;
    const { status, ...fields } = seen.fields;
    const body = { ...fields, markdownBody: markdown };
    let reply = await this.#session.send({ ...request, body: { ...body, status } });
    // No draft may begin in some statuses, such as "approved": then whoever publishes it says which it gets.
    if (reply.errorCode === 'INVALID_STATUS_TRANSITION')
      reply = await this.#session.send({ ...request, body });
    if (reply.status !== 200) throw unexpected(reply, recordId);
    return 'written';
  }

  async replacedSince(recordId: string, known: string): Promise<readonly string[]> {
    const path = `/diff/${recordId}/versions?limit=${longestHistory}`;
    const reply = await this.#session.send({ method: 'GET', path });
    const history = versionsShape.safeParse(reply.data);
    if (!history.success) throw unexpected(reply, recordId);
    const texts = history.data.versions.map(({ content }) =>
      withFinalNewline(splitFrontmatter(content ?? '').body),
    );
    const last = texts.findIndex((text) => text.trim() === known.trim());
    // Without it nothing tells which of them are new.
    return last < 0 ? [] : texts.slice(1, last).toReversed();
  }

  /** A draft is two requests, and so takes all of what is left but that. */
  draftPauseMs(): number {
    return this.#session.pauseMs('/records', notForDrafts);
  }

  /** What anybody may read; `null` when nothing is published. */
  async #published(recordId: string): Promise<Beneath | null> {
    const reply = await this.#session.send({ method: 'GET', path: `/records/${recordId}` });
    if (reply.status === 404) return null;
    const record = recordShape.safeParse(reply.data);
    if (!record.success) throw unexpected(reply, recordId);
    const { content, status } = record.data;
    return { published: withFinalNewline(content ?? ''), isArchived: status === 'archived' };
  }

  async #fetch(recordId: string): Promise<CivicPressRecord | null> {
    const request = { method: 'GET', path: `/records/${recordId}?edit=true` } as const;
    let reply = await this.#session.send(request);
    if (isForNobody(reply)) {
      await this.#session.renewIfEnded();
      reply = await this.#session.send(request);
    }
    if (reply.status === 404) return null;
    if (reply.status !== 200) throw unexpected(reply, recordId);
    const record = recordShape.safeParse(reply.data);
    if (!record.success) throw new RealtimeError('civicpress-unavailable', { cause: record.error });
    return record.data;
  }
}

/** Whether this is what CivicPress shows to somebody who is not signed in: no drafts, and no `markdownBody`. */
function isForNobody({ status, data }: Reply): boolean {
  return status === 404 || (fieldOf(data, 'isDraft') !== true && fieldOf(data, 'markdownBody') === undefined);
}

function fieldsOf(record: CivicPressRecord): Record<string, unknown> {
  const fields = fieldsBesideTheText.map((name) => [name, record[name]] as const);
  return Object.fromEntries(
    [...fields, ['metadata', keptMetadata(record)] as const].filter(
      ([, value]) => value !== undefined && value !== null,
    ),
  );
}

/** CivicPress trims a published body and writes a draft byte for byte, so the newline is ours to give back. */
function withFinalNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** A draft that was made without a body has none yet; one whose body is missing in the reply is not to be believed. */
function draftBodyOf(record: CivicPressRecord): string {
  if (record.markdownBody === undefined) throw new RealtimeError('civicpress-unavailable');
  return record.markdownBody ?? '';
}

const codes: Readonly<Record<number, ErrorCode>> = { 403: 'service-refused', 422: 'unreadable-record' };

function unexpected(reply: Reply, recordId: string): RealtimeError {
  return new RealtimeError(codes[reply.status] ?? 'civicpress-unavailable', {
    context: { recordId, status: reply.status, errorCode: reply.errorCode },
  });
}
