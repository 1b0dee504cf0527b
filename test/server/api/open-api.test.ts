/**
 * The API as it describes itself.
 */
import { validate } from '@readme/openapi-parser';
import { expect, it } from 'vitest';
import { openApi } from '../../helpers/open-api.ts';

it('[T1] is described as valid OpenAPI 3.1, each route with what it answers', async () => {
  const document = await openApi();
  expect(document.openapi).toBe('3.1.0');
  const result = await validate(structuredClone(document) as never);
  expect(result).toMatchObject({ valid: true, warnings: [] });
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  expect(operations.length).toBeGreaterThan(20);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const { operationId, summary, responses } of operations) {
    expect(summary, operationId).toMatch(/\.$/);
    expect(Object.keys(responses), operationId).toEqual(expect.arrayContaining(['4XX', '5XX']));
    const answer = responses['200'] ?? responses['202'];
    expect(answer, operationId).toHaveProperty('content');
  }
});
