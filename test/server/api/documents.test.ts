/**
 * A record's live document by the API: read, replaced and appended to while clerks are in the room.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as Y from 'yjs';
import { jsonOf } from '../../../markdown/index.ts';
import { type ErrorCode, errors } from '../../../server/errors.ts';
import type { Answer } from '../../helpers/admin.ts';
import type { Clerk } from '../../helpers/clerk.ts';
import { Operator } from '../../helpers/operator.ts';
import { RecordedLog } from '../../helpers/recorded-log.ts';
import { TownHall } from '../../helpers/town-hall.ts';
import { until } from '../../helpers/until.ts';

/** Spelled as no printer of Markdown would: whatever is printed anew can be told from what is kept. */
const plan = `Plan
====

*  First   point
*  Second __point__

Closing words,
as they were. <b>Bold</b> [go](javascript:alert(1))
`;

const adminToken = 'a-token-of-the-tests-long-enough';
const path = 'records/plan/document';

let townHall: TownHall;
let log: RecordedLog;
let bob: Operator;
beforeEach(async () => {
  log = new RecordedLog();
  const settings = { 'admin.token': adminToken, 'rooms.cleanup_timeout': 0 };
  townHall = await TownHall.open({ log, settings });
  await townHall.createDraftOnly('plan', plan);
  bob = new Operator(townHall.url, await townHall.tokenOf('bob'));
});
afterEach(() => townHall.close());

const alice = async () => (await townHall.join('plan')).synced();

const seen = async () => (await bob.send('GET', path)).headers.get('etag') as string;

const put = (text: string | Uint8Array, etag: string, as = bob) =>
  as.send('PUT', path, text, { 'if-match': etag });

function expectError({ status, body }: Answer, code: ErrorCode): void {
  const { reason: message, statusCode } = errors[code];
  expect(status).toBe(statusCode);
  expect(body).toEqual({ error: { code, message, statusCode, correlationId: expect.any(String) } });
}

const draftIs = (text: string) =>
  until('the draft is as expected', async () => (await townHall.draftOf('plan')) === text);

const roomIsGone = () => until('the room is gone', () => townHall.server.hocuspocus.documents.size === 0);

it('[T10] gives the document in each format, with one version for all, also when nobody has it open', async () => {
  const markdown = await bob.send('GET', path);
  expect(markdown).toMatchObject({ status: 200, type: 'text/markdown; charset=utf-8', text: plan });
  const json = await bob.send('GET', `${path}?format=json`);
  const yjs = await bob.send('GET', `${path}?format=yjs`);
  const html = await bob.send('GET', `${path}?format=html`);
  const document = new Y.Doc();
  Y.applyUpdate(document, yjs.bytes);
  expect(json.body).toEqual(jsonOf(document));
  expect(html.text).toContain('<h1>Plan</h1>');
  expect(html.text).toContain('<li>Second <strong>point</strong></li>');
  expect(html.text).not.toMatch(/<b>|javascript:/);
  const versions = [markdown, json, yjs, html].map(({ headers }) => headers.get('etag'));
  expect(new Set(versions).size).toBe(1);
  await roomIsGone();
  expect((await bob.send('GET', `${path}?format=pdf`)).status).toBe(400);
});

/** Where somebody's cursor stands, in a way that edits elsewhere leave alone. */
function cursorIn(clerk: Clerk, block: number): Y.RelativePosition {
  const element = clerk.fragment.get(block) as Y.XmlElement;
  return Y.createRelativePositionFromTypeIndex(element.get(0) as Y.XmlText, 3);
}

it('[T11] replaces the text by an edit that everybody sees, and that touches only what differs', async () => {
  const clerk = await alice();
  const cursor = cursorIn(clerk, 2);
  const text = plan.replace('Second __point__', 'Second __point__\n*  Third point');
  const { status, body, headers } = await put(text, await seen());
  expect(status).toBe(200);
  expect(headers.get('etag')).toBe(`"${body.version}"`);
  await clerk.sees('Third point');
  await draftIs(text);
  const position = Y.createAbsolutePositionFromRelativePosition(cursor, clerk.document);
  expect(position?.index).toBe(3);
  expect((await bob.send('GET', path)).headers.get('etag')).toBe(headers.get('etag'));
  await bob.post('records/plan/snapshot');
  const authors = (await bob.get('records/plan/authors')).body.blocks as { authors: { name: string }[] }[];
  expect(authors.flatMap((block) => block.authors.map(({ name }) => name))).toContain('bob');

  expect((await bob.post(`records/plan/versions/${body.before}/restore`)).status).toBe(200);
  await draftIs(plan);
});

it('[T11] replaces nothing that was not seen', async () => {
  const clerk = await alice();
  const etag = await seen();
  clerk.type('Closing', ' (mine)');
  await clerk.saved();
  expectError(await put('Mine alone.\n', etag), 'document-changed');
  expectError(await bob.send('PUT', path, 'Mine alone.\n'), 'version-missing');
  expect((await put('Mine alone.\n', 'no etag')).body).toMatchObject({ error: { code: 'bad-request' } });
  expect(clerk.text).toContain('Closing (mine)');
  expect((await put('Mine alone.\n', '*')).status).toBe(200);
  await clerk.sees('Mine alone.');
  await draftIs('Mine alone.\n');
});

it('[T11] edits a document that nobody has open, durably, and lets it go again', async () => {
  const etag = await seen();
  await roomIsGone();
  expect((await put(`${plan}\nMore.\n`, etag)).status).toBe(200);
  await draftIs(`${plan}\nMore.\n`);
  await roomIsGone();
  expect((await bob.send('GET', path)).text).toBe(`${plan}\nMore.\n`);
});

it('[T12] appends, beside whoever types meanwhile', async () => {
  const clerk = await alice();
  const appending = [1, 2, 3].map((which) => bob.send('POST', path, `Note ${which}.\n`));
  clerk.type('Closing', ' (typed)');
  for (const { status } of await Promise.all(appending)) expect(status).toBe(200);
  await clerk.saved();
  await until('all is there', () => [1, 2, 3].every((which) => clerk.text.includes(`Note ${which}.`)));
  const { text } = await bob.send('GET', path);
  expect(text.split('\n\n').slice(-3).sort()).toEqual(['Note 1.', 'Note 2.', 'Note 3.\n'].sort());
  expect(text).toContain('Closing (typed) words,\nas they were.');
  await draftIs(text);
  const old = await bob.send('POST', path, 'Never.\n', { 'if-match': '"of another time"' });
  expectError(old, 'document-changed');
});

it('[T12] changes nothing where it may not, or by what is no text', async () => {
  const clerk = await alice();
  const rita = new Operator(townHall.url, await townHall.tokenOf('rita', 'public'));
  expectError(await put('Mine.\n', '*', rita), 'no-such-record');
  expectError(await rita.send('GET', path), 'no-such-record');
  const operator = new Operator(townHall.url, adminToken);
  await operator.put('rooms/record:plan/read-only', { isReadOnly: true });
  expectError(await put('Mine.\n', '*'), 'room-read-only');
  expect((await operator.send('POST', path, 'By an operator.\n')).status).toBe(200);
  await clerk.sees('By an operator.');
  await operator.put('rooms/record:plan/read-only', { isReadOnly: false });
  const wrong = [
    await put(Uint8Array.from([0x61, 0xff]), '*'),
    await bob.send('PUT', path, { text: 'Mine' }, { 'if-match': '*' }),
    await bob.send('PUT', path, undefined, { 'if-match': '*' }),
  ];
  for (const answer of wrong) expect(answer.status).toBe(400);
  await roomIsGoneOrStays(clerk);
  expect((await bob.send('GET', path)).text).toBe(`${plan}\nBy an operator.\n`);
  expect(JSON.stringify(log.lines)).not.toMatch(/By an operator|Closing words/);
});

/** Whoever was sent away when the room was given back is in again. */
const roomIsGoneOrStays = (clerk: Clerk) => until('alice is back', () => clerk.provider.isSynced);

it('[T11] takes no document beyond the limit', async () => {
  await townHall.close();
  townHall = await TownHall.open({
    settings: { 'admin.token': adminToken, 'limits.document_bytes': 400_000 },
  });
  await townHall.createDraftOnly('plan', plan);
  const operator = new Operator(townHall.url, adminToken);
  const paragraph = `${'A long bylaw about noise. '.repeat(40)}\n\n`;
  const large = paragraph.repeat(100);
  expect((await put(large, '*', operator)).status).toBe(200);
  expectError(await operator.send('POST', path, paragraph.repeat(300)), 'document-too-large');
  expect((await put('x'.repeat(400_001), '*', operator)).status).toBe(413);
  expect((await operator.send('GET', path)).text).toBe(large);
});

it('[T13] converts what nobody has open, each format from each', async () => {
  const operator = new Operator(townHall.url, adminToken);
  const convert = async (from: string, to: string, content: unknown, more = {}) =>
    operator.post('convert', { from, to, content, ...more });
  const text = '# Noise\n\n- [ ] Quiet *hours*\n';
  const json = (await convert('markdown', 'json', text)).body.content as Record<string, unknown>;
  expect(json).toMatchObject({ type: 'doc', content: [{ type: 'heading' }, { type: 'taskList' }, {}] });
  const yjs = (await convert('json', 'yjs', json)).body.content as string;
  expect((await convert('yjs', 'json', yjs)).body.content).toEqual(json);
  expect((await convert('yjs', 'markdown', yjs)).body.content).toBe(text);
  expect((await convert('markdown', 'markdown', plan)).body.content).toBe(plan);
  expect((await convert('json', 'html', json)).body.content).toContain('<h1>Noise</h1>');
  const ours = { dialect: 'civicpress', features: ['table'] };
  const content = (await convert('markdown', 'json', '* a', ours)).body.content;
  expect(content).toMatchObject({ content: [{ type: 'bullet_list' }] });

  const wrong: [string, unknown][] = [
    ['json', { type: 'doc', content: [{ type: 'script' }] }],
    ['json', { type: 'doc', content: [{ type: 'text', text: 'no block' }] }],
    ['json', {}],
    ['yjs', Buffer.from('no update at all').toString('base64')],
  ];
  for (const [from, given] of wrong) expectError(await convert(from, 'markdown', given), 'not-a-document');
  expect((await convert('json', 'yjs', 'a text')).status).toBe(400);
  const deep = `${'{"type":"blockquote","content":['.repeat(20_000)}${']}'.repeat(20_000)}`;
  const body = `{"from":"json","to":"markdown","content":{"type":"doc","content":[${deep}]}}`;
  const answer = await operator.send('POST', 'convert', body, { 'content-type': 'application/json' });
  expectError(answer, 'not-converted');
});
