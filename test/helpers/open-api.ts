/**
 * The API's own description of itself, and the table that docs/api.md shows of it.
 */
import { fastify } from 'fastify';
import { type ApiOptions, apiPrefix, apiRoutes } from '../../server/api/api.ts';

export interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly summary: string;
  readonly operationId: string;
  readonly responses: Readonly<Record<string, unknown>>;
}

/** Without a server: routes are described by themselves. */
export async function openApi(): Promise<OpenApi> {
  const http = fastify();
  await http.register(apiRoutes({ entrance: { addressOf: () => '' } } as unknown as ApiOptions));
  const { body } = await http.inject(`${apiPrefix}/openapi.json`);
  await http.close();
  return JSON.parse(body) as OpenApi;
}

export function routesTable({ paths }: OpenApi): string {
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { summary }]) => {
      const below = path.slice(apiPrefix.length).replace(/\{(\w+)\}/g, ':$1');
      const who = below.startsWith('/records/')
        ? 'editors'
        : below === '/openapi.json'
          ? 'everybody'
          : 'administrators';
      return `| \`${method.toUpperCase()} ${below}\` | ${who} | ${summary} |`;
    }),
  );
  return ['| route | for | what it does |', '| --- | --- | --- |', ...rows].join('\n');
}
