/** `GET /health`, `GET /info` and `GET /cache/list`: that the API lives, whose it is, and what administrators see of it. */
import type { FastifyInstance } from 'fastify';
import type { Guards } from '../guards.ts';
import type { Parts } from '../parts.ts';
import { isoTime } from '../times.ts';

export function systemRoutes(routes: FastifyInstance, { now }: Parts, guards: Guards): void {
  const organization = { ...ORGANIZATION, created: isoTime(now()), updated: isoTime(now()) };

  routes.get('/health', async () => ({
    success: true,
    data: {
      status: 'healthy',
      timestamp: isoTime(now()),
      uptime: process.uptime(),
      memory: process.memoryUsage(),
      environment: 'development',
    },
  }));

  routes.get('/info', async (request) => {
    const data = { organization, analytics: null };
    const caller = guards.caller(request);
    if (!caller) return { success: true, data };
    const { id, username, role, email, name, avatar_url } = caller;
    return {
      success: true,
      data: {
        ...data,
        note: 'System config is only visible to admin users.',
        user: { id, username, role, email, name, avatar_url, email_verified: false },
      },
    };
  });

  routes.get('/cache/list', async (request) => {
    guards.administrator(request);
    return { success: true, data: { caches: [], count: 0 } };
  });
}

/** An organization that has filled in its name and place. */
const ORGANIZATION = {
  name: 'Civic Records',
  city: 'Richmond',
  state: 'Quebec',
  country: 'Canada',
  timezone: 'America/Montreal',
  website: null,
  repo_url: null,
  email: null,
  phone: null,
  logo: null,
  favicon: null,
  banner: null,
  description: null,
  tagline: null,
  mission: null,
  social: { twitter: null, facebook: null, linkedin: null, instagram: null },
  custom: { primary_color: null, secondary_color: null, font_family: null },
  version: '1.0.0',
};
