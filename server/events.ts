/**
 * Every event that the server emits, in one table: its name, when it comes, and what it says.
 *
 * Names are those of CivicPress' hooks. In process they go to its hook system, alone to webhooks. What an event says is
 * ids and numbers, never a token or a record's text: it leaves the house.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { parseDocumentName } from './document-name.ts';
import type { Events, Logger } from './ports.ts';

/** What every event has. */
const common = z.strictObject({
  roomId: z.string().describe('name of the document, such as `record:noise-bylaw`'),
  roomType: z.string().describe('`record`, `spec-updates`, or a type of your own'),
  recordId: z.string().nullable().describe('`null` when the room is not that of a record'),
  timestamp: z.iso.datetime().describe('when it happened, ISO 8601 in UTC'),
  correlationId: z
    .string()
    .describe('the same in events that belong together, such as the coming and going of a client'),
});

const client = common.extend({
  clientId: z.string().describe('of the connection'),
  userId: z.string().describe('of CivicPress'),
  userName: z.string().describe('as CivicPress has it'),
  role: z.string().describe('in CivicPress'),
  access: z.enum(['read', 'edit']).describe('what they may do in this room'),
});

const version = z.int().min(1).describe('number of the snapshot among those of its document');
const versions = z.array(version).min(1).describe('their numbers');
const contributors = z
  .array(z.strictObject({ id: z.string(), name: z.string() }))
  .describe('whose edits it has that no snapshot before had: `{id, name}`, each once');

export const eventSchemas = {
  'realtime:room:created': common.describe('A document was opened.'),
  'realtime:room:destroyed': common
    .extend({ reason: z.enum(['left', 'shutdown']).describe('`left` or `shutdown`') })
    .describe('A document was closed: everybody had left and nothing was owed, or the server stops.'),
  'realtime:client:connected': client.describe('Somebody came into a room.'),
  'realtime:client:disconnected': client.describe('Somebody left a room.'),
  'realtime:snapshot:saved': common
    .extend({ version, bytes: z.int().min(1).describe('as it is stored'), contributors })
    .describe('A snapshot of the document is on stable storage.'),
  'realtime:snapshot:writeback-failed': common
    .extend({
      stage: z
        .enum(['journal', 'snapshot', 'writeback'])
        .describe('`journal`, `snapshot` or `writeback` (the draft in CivicPress)'),
      error: z.string().describe('code from docs/errors.md'),
    })
    .describe(
      'Something could not be stored. It is kept and tried again; said once, until it has worked again.',
    ),
  'realtime:snapshot:integrity-failed': common
    .extend({
      version: version
        .nullable()
        .describe('of the damaged snapshot; `null` when it is the journal, or one of two that were compared'),
      entries: z.int().min(1).nullable().describe('how many entries of the journal are lost; else `null`'),
    })
    .describe('Something that was stored is damaged. What stands before it serves.'),
  'realtime:snapshot:oversize': common
    .extend({
      bytes: z.int().describe('size of the document'),
      limit: z.int().describe('`limits.document_bytes`'),
    })
    .describe('A document is as large as it may be and takes deletions only; said once while it is open.'),
  'realtime:snapshot:expired': common
    .extend({ versions })
    .describe('Versions were removed because they are older than the rule keeps any.'),
  'realtime:snapshot:pruned': common
    .extend({ versions })
    .describe('Versions were removed because newer ones of the same hour or day stay.'),
  'realtime:document:conflict': common
    .extend({ conflicts: z.int().min(1).describe('in how many places') })
    .describe(
      'A record was changed outside where the room had changed it too; the words of both stand there.',
    ),
  'realtime:access:revoked': common
    .extend({
      userId: z.string().describe('of CivicPress'),
      access: z.enum(['none', 'read']).describe('what they may still do'),
    })
    .describe('Somebody in a room may no longer what they might before.'),
} as const satisfies Record<`realtime:${string}`, z.ZodObject>;

export type EventName = keyof typeof eventSchemas;
export type EventData<Name extends EventName = EventName> = z.infer<(typeof eventSchemas)[Name]>;
export const eventNames = Object.keys(eventSchemas) as EventName[];

/** What only the emitter knows; the rest follows from the document's name. */
export type EventFacts<Name extends EventName> = Omit<EventData<Name>, keyof z.infer<typeof common>> & {
  readonly documentName: string;
};

/** What the parts of the server tell their events to. */
export interface Announcer {
  /** Never throws, and nobody waits for it. */
  emit<Name extends EventName>(name: Name, facts: EventFacts<Name>, correlationId?: string): void;
}

/** Completes each event, sees that it is as documented, and passes it on. */
export function announcerTo(events: Events, log: Logger): Announcer {
  return {
    emit(name, { documentName, ...facts }, correlationId = randomUUID()) {
      try {
        const { type: roomType, id } = parseDocumentName(documentName);
        const recordId = roomType === 'record' ? id : null;
        const timestamp = new Date().toISOString();
        const about = { roomId: documentName, roomType, recordId, timestamp, correlationId };
        events.emit(name, eventSchemas[name].parse({ ...about, ...facts }) as EventData);
      } catch (error) {
        log.error({ event: name, documentName, cause: String(error) }, 'an event could not be told');
      }
    },
  };
}

/** What every event has, as docs/events.md says it. */
export function commonFieldsTable(): string {
  const rows = Object.entries(common.shape).map(
    ([name, { description }]) => `| \`${name}\` | ${description} |`,
  );
  return ['| field | what it is |', '| --- | --- |', ...rows].join('\n');
}

/** The table of docs/events.md. */
export function eventsTable(): string {
  const rows = Object.entries(eventSchemas).map(([name, schema]) => {
    const own = Object.entries(schema.shape as Record<string, z.ZodType>).filter(
      ([key]) => !(key in common.shape),
    );
    const fields = own.map(([key, { description }]) => `\`${key}\`: ${description}`).join('; ');
    return `| \`${name}\` | ${schema.description} | ${fields || '–'} |`;
  });
  return ['| event | when | what it says besides |', '| --- | --- | --- |', ...rows].join('\n');
}
