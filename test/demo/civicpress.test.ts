/** The embedded CivicPress against the recorded one: the same requests, in the same order, get the same answers. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ConfiguredUser,
  type EmbeddedCivicPress,
  startEmbeddedCivicPress,
} from '../../server/demo/civicpress/index.ts';
import { type Answer, comparable, readRecordedExchange } from './recorded-exchange.ts';

const TRANSCRIPTS = fileURLToPath(
  new URL('../../../shared/reference/civicpress-transcripts/', import.meta.url),
);
/** What came later: changing what is published past a draft, throwing a draft away, archiving. */
const CHANGES = join(import.meta.dirname, 'exchanges');
const PASSWORD = 'correct horse battery staple';
/** The exchange that needs more than one request: its limit has to be used up first. */
const RATE_LIMITED = '80-me-429.txt';

const namesIn = (folder: string) =>
  readdir(folder).then(
    (all) => all.filter((name) => name.endsWith('.txt')).sort(),
    () => [],
  );
const names = await namesIn(TRANSCRIPTS);

/** Who made a recorded request, as its name tells; the recording has no tokens. */
function actorOf(name: string): 'admin' | 'public' | 'clerk' {
  if (/admin|other/.test(name)) return 'admin';
  return name.includes('public') ? 'public' : 'clerk';
}

/** The embedded API, and the tokens and the record that a sequence of exchanges goes on with. */
class Replay {
  readonly tokens = { admin: '', clerk: '', public: '' };
  readonly civicpress: EmbeddedCivicPress;
  readonly #folder: string;
  #recordId = '';

  constructor(civicpress: EmbeddedCivicPress, folder: string) {
    this.civicpress = civicpress;
    this.#folder = folder;
  }

  static async open(users: readonly ConfiguredUser[] = []): Promise<Replay> {
    const folder = await mkdtemp(join(tmpdir(), 'civicpress-recorded-'));
    const civicpress = await startEmbeddedCivicPress({
      recordsDir: join(folder, 'records'),
      dataDir: join(folder, 'data'),
      users,
      rateLimits: true,
      collabSnapshots: false,
    });
    return new Replay(civicpress, folder);
  }

  async close(): Promise<void> {
    await this.civicpress.close();
    await rm(this.#folder, { recursive: true });
  }

  async play(folder: string, name: string): Promise<{ ours: Answer; recorded: Answer }> {
    const exchange = readRecordedExchange(await readFile(join(folder, name), 'utf8'));
    const authorization = exchange.headers.Authorization?.replace('<token>', this.tokens[actorOf(name)]);
    const response = await fetch(this.civicpress.url + exchange.path.replace(/record-\d+/, this.#recordId), {
      method: exchange.method,
      headers: { ...exchange.headers, ...(authorization ? { Authorization: authorization } : {}) },
      ...(exchange.body === undefined ? {} : { body: exchange.body.replace('<password>', PASSWORD) }),
    });
    const ours = {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
    this.#keepForLater(ours.body);
    return { ours, recorded: exchange.answer };
  }

  /** Later requests bear the tokens, and name the record, that earlier answers gave. */
  #keepForLater(body: string): void {
    const token = /"token":"([^"]+)"/.exec(body)?.[1];
    const role = /"role":"(admin|clerk|public)"/.exec(body)?.[1];
    if (token && (role === 'admin' || role === 'clerk' || role === 'public')) this.tokens[role] = token;
    this.#recordId ||= /"id":"(record-\d+)"/.exec(body)?.[1] ?? '';
  }
}

function expectTheSame(ours: Answer, recorded: Answer): void {
  expect(ours.status).toBe(recorded.status);
  expect(ours.headers['content-type']).toBe(recorded.headers['content-type']);
  expect(comparable(ours.body)).toEqual(comparable(recorded.body));
}

describe('the embedded CivicPress, beside the recorded one', () => {
  let replay: Replay;

  beforeAll(async () => {
    replay = await Replay.open([{ username: 'admin', password: PASSWORD, role: 'admin' }]);
  });
  afterAll(() => replay.close());

  it('has the recorded exchanges to compare with', () => {
    expect(
      names,
      `No recorded exchanges in ${TRANSCRIPTS}: they are read from there, never copied.`,
    ).not.toEqual([]);
  });

  it.each(names.filter((name) => name !== RATE_LIMITED))('%s', async (name) => {
    const { ours, recorded } = await replay.play(TRANSCRIPTS, name);
    expectTheSame(ours, recorded);
    if (recorded.headers['ratelimit-policy']) {
      expect(ours.headers['ratelimit-policy']).toBe(recorded.headers['ratelimit-policy']);
      expect(formOf(ours.headers.ratelimit)).toBe(formOf(recorded.headers.ratelimit));
    }
  });

  it.skipIf(names.length === 0)(RATE_LIMITED, async () => {
    const authorization = `Bearer ${replay.tokens.clerk}`;
    const statuses = [];
    while (statuses.at(-1) !== 429 && statuses.length < 31) {
      const response = await fetch(`${replay.civicpress.url}/api/v1/auth/me`, {
        headers: { Authorization: authorization },
      });
      statuses.push(response.status);
    }
    expect(new Set(statuses)).toEqual(new Set([200, 429]));

    const recorded = readRecordedExchange(await readFile(join(TRANSCRIPTS, RATE_LIMITED), 'utf8')).answer;
    const ours = await fetch(`${replay.civicpress.url}/api/v1/auth/me`, {
      headers: { Authorization: authorization },
    });
    expect(ours.status).toBe(recorded.status);
    expect(ours.headers.get('content-type')).toBe(recorded.headers['content-type']);
    expect(formOf(ours.headers.get('ratelimit'))).toBe(formOf(recorded.headers.ratelimit));
    expect(ours.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await ours.json()).toEqual(JSON.parse(recorded.body));
  });
});

describe('the embedded CivicPress, where what is published changes past a draft', async () => {
  let replay: Replay;

  beforeAll(async () => {
    replay = await Replay.open();
    // In the order in which they came when it was recorded, since that gave them their ids.
    for (const role of ['admin', 'clerk', 'public'] as const) {
      const response = await fetch(`${replay.civicpress.url}/api/v1/auth/simulated`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: `${role}1`, role }),
      });
      const { data } = (await response.json()) as { data: { session: { token: string } } };
      replay.tokens[role] = data.session.token;
    }
  });
  afterAll(() => replay.close());

  it.each(await namesIn(CHANGES))('%s', async (name) => {
    const { ours, recorded } = await replay.play(CHANGES, name);
    expectTheSame(ours, recorded);
  });
});

/** `limit=30, remaining=29, reset=900` without what is left of it. */
const formOf = (header: string | null | undefined) =>
  header?.replace(/(remaining|reset)=\d+/g, '$1=<number>');
