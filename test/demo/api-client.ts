/** A throw-away embedded CivicPress for one test, and requests in the name of its users. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type EmbeddedCivicPress,
  type EmbeddedCivicPressOptions,
  startEmbeddedCivicPress,
} from '../../server/demo/civicpress/index.ts';

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed JSON, envelope and all; `null` for any other content. */
  body: unknown;
}

export type Call = (method: string, path: string, body?: unknown) => Promise<Reply>;

export interface TestApi {
  folder: string;
  recordsDir: string;
  civicpress: EmbeddedCivicPress;
  /** Without a token. */
  anyone: Call;
  /** Signs in at the simulated login. */
  as(username: string, role: string): Promise<Call>;
  /** With a token that there is already. */
  bearing(token: string): Call;
  login(username: string, role: string): Promise<string>;
  writeRecord(path: string, text: string): Promise<void>;
  removeRecord(path: string): Promise<void>;
  restart(): Promise<void>;
}

export async function startTestApi(options: Partial<EmbeddedCivicPressOptions> = {}): Promise<TestApi> {
  const folder = await mkdtemp(join(tmpdir(), 'civicpress-'));
  const recordsDir = join(folder, 'records');
  const start = () => startEmbeddedCivicPress({ recordsDir, dataDir: join(folder, 'data'), ...options });
  const bearing =
    (token?: string): Call =>
    (method, path, body) =>
      request(api.civicpress, token, method, path, body);

  const api: TestApi = {
    folder,
    recordsDir,
    civicpress: await start(),
    anyone: bearing(),
    bearing,
    as: async (username, role) => bearing(await api.login(username, role)),
    async login(username, role) {
      const { text } = await api.anyone('POST', '/auth/simulated', { username, role });
      return (JSON.parse(text) as { data: { session: { token: string } } }).data.session.token;
    },
    async writeRecord(path, text) {
      await mkdir(dirname(join(recordsDir, path)), { recursive: true });
      await writeFile(join(recordsDir, path), text);
    },
    removeRecord: (path) => rm(join(recordsDir, path)),
    async restart() {
      await api.civicpress.close();
      api.civicpress = await start();
    },
  };
  onTestFinished(async () => {
    await api.civicpress.close();
    await rm(folder, { recursive: true });
  });
  return api;
}

async function request(
  { url }: EmbeddedCivicPress,
  token: string | undefined,
  method: string,
  path: string,
  body: unknown,
): Promise<Reply> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : null };
}
