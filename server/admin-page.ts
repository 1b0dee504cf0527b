/**
 * Serves the page of administrators at `/admin`. It holds nothing that is secret: whoever opens it signs in with a token,
 * and all that it shows comes from the API.
 */
import { join } from 'node:path';
import { fastifyStatic } from '@fastify/static';
import type { FastifyPluginAsync } from 'fastify';
import type { Logger } from './ports.ts';

const headers = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

/**
 * The page, to be given to `compose`; `null` where it cannot be built.
 *
 * The built package brings it along; from the sources it is built when it is out of date, which takes what the
 * development of the package needs.
 */
export async function openAdminPage(log: Logger): Promise<FastifyPluginAsync | null> {
  try {
    return adminPage(await builtPage());
  } catch (error) {
    log.warn({ cause: String(error) }, 'there is no page for administrators: it could not be built');
    return null;
  }
}

/** @param assetsDir with the built page */
export function adminPage(assetsDir: string): FastifyPluginAsync {
  return async (app) => {
    await app.register(
      async (page) => {
        page.addHook('onSend', async (_request, reply) => {
          reply.headers(headers);
        });
        await page.register(fastifyStatic, { root: assetsDir, index: false, cacheControl: false });
        page.get('/', (_request, reply) => reply.sendFile('page.html'));
      },
      { prefix: '/admin' },
    );
  };
}

async function builtPage(): Promise<string> {
  if (import.meta.filename.endsWith('.js')) return join(import.meta.dirname, 'built-admin-page');
  const { buildAdminPageWhenStale } = await import('./admin-page/build.ts');
  const assetsDir = join(import.meta.dirname, '../dist/server/built-admin-page');
  await buildAdminPageWhenStale(assetsDir);
  return assetsDir;
}
