/**
 * Every code block of the README and of docs/ is what it says: TypeScript compiles, commands are there, settings are
 * taken, messages have their schema. What says `run` is run.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { openCivicPressSnapshots } from '../extensions/snapshot-stores/civicpress-api.ts';
import { specEvent } from '../extensions/spec-updates/events.ts';
import { SpecFeed } from '../extensions/spec-updates/feed.ts';
import { connectCivicPress } from '../server/civicpress/http.ts';
import { loadConfig } from '../server/config.ts';
import { type ErrorCode, errors } from '../server/errors.ts';
import { type EventName, eventSchemas } from '../server/events.ts';
import { type Block, blocksIn, codeBlocks, root } from './docs-code/blocks.ts';
import { differenceOf, faultsOf } from './docs-code/commands.ts';
import { complaintsOf, openWorkshop, programOf } from './docs-code/typescript.ts';
import { service, TownHall } from './helpers/town-hall.ts';

const blocks = await codeBlocks();
const checked = blocks.filter(({ unchecked }) => unchecked === undefined);
const those = (...languages: string[]) => checked.filter(({ language }) => languages.includes(language));
const isRun = ({ words }: Block) => words.includes('run');

const [ts, sh, notice] = blocksIn(
  'page.md',
  [
    "```ts\nimport { open } from 'civicpress-realtime/markdown';\nopen(5);\n```",
    '```sh\nnpm run no-such-script && node no/such/file.ts\nnpx civicpress-realtime fly | curl https://a.example/nowhere\n```',
    '```json notice\n{"event":"saved","data":{}}\n```',
  ].join('\n'),
) as [Block, Block, Block];
/** What must be found. */
const wrong = { ts, sh, notice };

let townHall: TownHall;
beforeAll(async () => {
  townHall = await TownHall.open({ specs: new SpecFeed() });
  const options = { service, timeoutMs: 5_000, cacheMs: 1_000, forwardAddress: false };
  const civicpress = connectCivicPress({ url: townHall.civicpress.url, ...options });
  const snapshots = await openCivicPressSnapshots(civicpress.service);
  const info = {
    revision: 1,
    at: Date.now(),
    byteSize: 1,
    contributors: [{ id: '4', name: 'Alice' }],
    name: null,
  };
  await snapshots.write('record:noise-bylaw', info, Uint8Array.of(1));
});
afterAll(() => townHall.close());

it('every block says what it is, and why when nothing can be known of it', () => {
  expect(blocks.length).toBeGreaterThan(20);
  const languages = new Set(blocks.map(({ language }) => language));
  // Drawings, and what something looks like.
  const looked = ['', 'markdown', 'mermaid'];
  const tested = ['console', 'json', 'sh', 'ts', 'yaml'];
  expect([...looked, ...tested]).toEqual(expect.arrayContaining([...languages]));
  for (const { unchecked } of blocks)
    if (unchecked !== undefined) expect(unchecked.length).toBeGreaterThan(10);
});

it('TypeScript, and what the server says, is read by the compiler against the sources', async () => {
  const notices = those('json').filter(({ words }) => words[0] === 'notice');
  const programs: Record<string, string> = {};
  for (const block of those('ts')) programs[nameOf(block)] = await programOf(block);
  for (const block of notices) programs[nameOf(block)] = asNotice(block);
  expect(Object.keys(programs).length).toBeGreaterThan(10);
  programs['notices.ts'] = await noticesOfProtocol();
  // In the same run, since it takes its time: the compiler would find what is wrong.
  programs['wrong-call.ts'] = await programOf(wrong.ts);
  programs['wrong-notice.ts'] = asNotice(wrong.notice);
  const complaints = await complaintsOf(programs);
  expect(complaints.match(/^\S+?\.ts/gm), complaints).toEqual(['wrong-call.ts', 'wrong-notice.ts']);
  // The compiler has much to read, and others have the machine as well.
}, 300_000);

it.each(
  those('ts')
    .filter(isRun)
    .map((block) => [block.place, block] as const),
)('the program at %s runs', async (_place, block) => {
  const { folder, close } = await openWorkshop();
  try {
    await writeFile(join(folder, 'program.ts'), await programOf(block));
    const env = {
      PATH: process.env.PATH,
      REALTIME_PORT: '0',
      REALTIME_HOST: '127.0.0.1',
      REALTIME_CIVICPRESS_URL: townHall.civicpress.url,
      REALTIME_CIVICPRESS_USERNAME: service.username,
      REALTIME_CIVICPRESS_PASSWORD: service.password,
    };
    await promisify(execFile)(process.execPath, ['program.ts'], { cwd: folder, env, timeout: 30_000 });
  } finally {
    await close();
  }
});

it('every command names what there is', async () => {
  const faults = await Promise.all(
    those('sh', 'console').map(async (block) => [block.place, ...(await faultsOf(block, isRoute))]),
  );
  expect(faults.filter(({ length }) => length > 1)).toEqual([]);
});

it.each(
  those('console')
    .filter(isRun)
    .map((block) => [block.place, block] as const),
)('the commands at %s print what stands below them', async (_place, block) => {
  expect(await differenceOf(block)).toBeNull();
});

it('every piece of configuration is one that the server takes', () => {
  for (const { place, text } of those('yaml')) {
    const secrets = {
      REALTIME_WEBHOOKS_SECRET: 'a secret of at least thirty-two characters',
      REALTIME_SNAPSHOTS_POSTGRES_URL: 'postgres://realtime@127.0.0.1/realtime',
    };
    expect(() => loadConfig(text, secrets), place).not.toThrow();
  }
});

it('every message and every answer is what the server sends', async () => {
  for (const { place, text, words } of those('json')) {
    const [kind = '', path] = words;
    const value: unknown = JSON.parse(text);
    if (kind === 'notice') continue;
    if (kind === 'GET') {
      expect(shapeOf(value), place).toEqual(shapeOf(await answerAt(path ?? '')));
      continue;
    }
    const schema = schemas[kind];
    expect(schema, `${place}: "${kind}" is a kind of message`).toBeDefined();
    expect(schema?.safeParse(value).error, place).toBeUndefined();
  }
});

it('a command that is not there is found', async () => {
  expect(await faultsOf(wrong.sh, isRoute)).toHaveLength(4);
});

const nameOf = ({ place }: Block) => `${place.replace(/\W+/g, '-')}.ts`;

/** A program that is one only when the block is a message to a room. */
function asNotice({ text }: Block): string {
  const notices = JSON.stringify(join(import.meta.dirname, '../extensions/notices.ts'));
  return `import type { Notice } from ${notices};\nexport const notice: Notice = ${text};`;
}

/** A program that is one only when docs/protocol.md names every notice with what it says, and no other. */
async function noticesOfProtocol(): Promise<string> {
  const page = await readFile(join(root, 'docs/protocol.md'), 'utf8');
  const table = /<!-- notices: .*? -->\n([\s\S]*?)<!-- \/notices -->/.exec(page)?.[1] ?? '';
  const rows = [...table.matchAll(/^\| `([\w-]+)` \| (.*?) \|/gm)].map(([, event, data]) => {
    const fields = [...(data ?? '').matchAll(/`(\w+)`/g)].map(([, field]) => `${field}: true`);
    return `'${event}': { ${fields.join(', ')} },`;
  });
  return [
    `import type { Notice } from ${JSON.stringify(join(root, 'extensions/notices.ts'))};`,
    "type Said = Notice | { event: 'slow-down'; data: { reason: string } };",
    'type Fields = { [One in Said as One["event"]]: { [Field in keyof One["data"]]: true } };',
    `export const notices: Fields = { ${rows.join('\n')} };`,
  ].join('\n');
}

const schemas: Readonly<Record<string, z.ZodType>> = {
  'spec-event': specEvent,
  webhook: z
    .strictObject({
      id: z.uuid(),
      event: z.string(),
      timestamp: z.iso.datetime(),
      correlationId: z.string(),
      data: z.unknown(),
    })
    .refine(({ event, data }) => eventSchemas[event as EventName]?.safeParse(data).success),
  error: z
    .strictObject({
      error: z.strictObject({
        code: z.string(),
        message: z.string(),
        statusCode: z.int(),
        correlationId: z.string(),
      }),
    })
    .refine(({ error: { code, message } }) => errors[code as ErrorCode]?.reason === message),
};

async function isRoute(method: string, path: string): Promise<boolean> {
  const response = await fetch(`${townHall.url}${path}`, { method });
  if (response.status !== 404) return response.body?.cancel().then(() => true) ?? true;
  const { error } = (await response.json()) as { error: { code: string } };
  return error.code !== 'not-found';
}

/** Of the server, or of the CivicPress behind it. */
async function answerAt(path: string): Promise<unknown> {
  const isCivicPress = path.startsWith('/api/v1/') && !path.startsWith('/api/v1/realtime');
  const headers = { authorization: `Bearer ${await townHall.tokenOf('alice')}` };
  const url = `${isCivicPress ? townHall.civicpress.url : townHall.url}${path}`;
  return (await fetch(url, { headers })).json();
}

/** Names and types, without what they say. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
}
