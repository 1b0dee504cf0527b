/** Reads records for the pages as a clerk sees them: the published text, and the draft where there is one. */
import { type CivicPressClient, fieldOf, type Reply } from '../../../civicpress/client.ts';
import { RealtimeError } from '../../../errors.ts';
import type { DemoSessions } from './demo-sessions.ts';

export interface RecordSummary {
  id: string;
  title: string;
  type: string;
}

/** Both texts are Markdown bodies, without frontmatter. */
export interface RecordTexts {
  title: string;
  /** `null` before the first publication. */
  published: string | null;
  /** `null` when there is no draft. */
  draft: string | null;
}

/** The pages ask each second; CivicPress need not be asked each second whether the session still lives. */
const SESSION_CHECK_MS = 10_000;

export class DemoRecords {
  readonly #client: CivicPressClient;
  readonly #sessions: DemoSessions;

  constructor(client: CivicPressClient, sessions: DemoSessions) {
    this.#client = client;
    this.#sessions = sessions;
  }

  /** @throws RealtimeError when CivicPress does not answer */
  async list(): Promise<RecordSummary[]> {
    const reply = await this.#get('/records?limit=300&sort=title_asc');
    const records = fieldOf(reply.data, 'records');
    return Array.isArray(records) ? records.map(summaryOf) : [];
  }

  /** @throws RealtimeError `no-such-record`, or when CivicPress does not answer */
  async read(recordId: string): Promise<RecordTexts> {
    const [reading, editing] = await Promise.all([
      this.#get(`/records/${recordId}`),
      this.#get(`/records/${recordId}?edit=true`),
    ]);
    if (editing.status !== 200) throw new RealtimeError('no-such-record', { context: { recordId } });
    return {
      title: textOf(editing.data, 'title'),
      published: reading.status === 200 ? textOf(reading.data, 'content') : null,
      draft: fieldOf(editing.data, 'isDraft') === true ? textOf(editing.data, 'markdownBody') : null,
    };
  }

  async #get(path: string): Promise<Reply> {
    const { token } = await this.#sessions.of('alice', SESSION_CHECK_MS);
    return this.#client.send({ method: 'GET', path, token });
  }
}

function summaryOf(record: unknown): RecordSummary {
  return { id: textOf(record, 'id'), title: textOf(record, 'title'), type: textOf(record, 'type') };
}

function textOf(value: unknown, key: string): string {
  const text = fieldOf(value, key);
  return typeof text === 'string' ? text : '';
}
