import { expect, it } from 'vitest';
import { jsonBytes } from '../../../server/civicpress/json-bytes.ts';

const parsed = async (body: unknown) => JSON.parse(Buffer.from(await jsonBytes(body)).toString());

it.each<[string, unknown]>([
  ['nothing', {}],
  ['what is short', { title: 'Noise “bylaw”', metadata: { tags: ['a', null] }, missing: undefined }],
  ['a list', ['a', 1]],
  ['a long text', { markdownBody: 'Quiet\n'.repeat(400_000) }],
  [
    'a long text among others',
    { title: 'a', markdownBody: 'é"\\\u2028\n'.repeat(500_000), type: 'bylaw', 2: 'b' },
  ],
  ['two long texts', { one: 'x'.repeat(1_000_001), two: 'y'.repeat(2_000_000) }],
  // The millionth character is the first half of a dragon.
  ['a character across two turns', { markdownBody: `${'x'.repeat(999_999)}\u{1f409}`.repeat(3) }],
])('writes %s as JSON', async (_what, body) => {
  expect(await parsed(body)).toEqual(JSON.parse(JSON.stringify(body)));
});

it('lets others have their turn while it writes a long text', async () => {
  let turns = 0;
  let isWritten = false;
  const turn = () => {
    turns += 1;
    if (!isWritten) setImmediate(turn);
  };
  setImmediate(turn);
  await jsonBytes({ markdownBody: 'Quiet\n'.repeat(800_000) });
  isWritten = true;
  expect(turns).toBeGreaterThanOrEqual(5);
});
