/** Signing in and out, and `GET /auth/me`. */
import type { FastifyInstance } from 'fastify';
import type { Account } from '../accounts.ts';
import { type Refusal, refusals } from '../errors.ts';
import { type Guards, tokenOf } from '../guards.ts';
import { textField } from '../input.ts';
import type { Parts } from '../parts.ts';

const USERNAME = /^[\w.@-]{1,64}$/;

export function authRoutes(routes: FastifyInstance, parts: Parts, guards: Guards): void {
  const { accounts, sessions, roles } = parts;

  /** The fields come in this order in every answer; a simulated login adds how it was made. */
  const userOf = (account: Account, more: object) => ({
    id: account.id,
    username: account.username,
    role: account.role,
    email: account.email,
    name: account.name,
    avatar_url: account.avatar_url,
    ...more,
    permissions: roles.permissionsOf(account.role),
  });

  const sessionFor = async (account: Account, more: object = {}) => {
    const { token, expiresAt } = await sessions.start(account.id);
    return { success: true, data: { session: { token, user: userOf(account, more), expiresAt } } };
  };

  const passwordLogin = async (body: unknown, refusal: () => Refusal) => {
    const username = textField(body, 'username') ?? '';
    const account = await accounts.withPassword(username, textField(body, 'password') ?? '');
    if (!account) throw refusal();
    return sessionFor(account);
  };

  routes.post('/auth/password', (request) => passwordLogin(request.body, refusals.wrongPasswordAsFault));
  routes.post('/users/auth/password', (request) => passwordLogin(request.body, refusals.wrongPassword));

  routes.post('/auth/simulated', async (request) => {
    const username = textField(request.body, 'username');
    const role = textField(request.body, 'role') ?? 'public';
    if (!username) throw refusals.missingUsername();
    if (!USERNAME.test(username)) throw refusals.invalidUsername();
    if (!roles.names().includes(role)) throw refusals.invalidRole(role, roles.names());
    const account = await accounts.simulate(username, role);
    if (!account) throw refusals.passwordAccount();
    return sessionFor(account, { auth_provider: 'password', email_verified: false });
  });

  routes.get('/auth/me', async (request) => {
    if (tokenOf(request) === null) throw refusals.missingAuthHeader();
    const account = guards.caller(request);
    if (!account) throw refusals.invalidMeToken();
    return { success: true, data: { user: userOf(account, { email_verified: false }) } };
  });

  /** An unknown token is signed out as well: the caller's goal holds either way. */
  routes.post('/auth/logout', async (request) => {
    const token = tokenOf(request);
    if (token === null) throw refusals.missingAuthHeader();
    await sessions.end(token);
    return { success: true, data: { message: 'Logged out successfully' } };
  });
}
