/**
 * `snapshots`: the versions of a record, from the store itself, whether the server runs or not. To restore one is an
 * edit of the live document, so it is the running server that does it.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Config } from '../config.ts';
import { WorkerConverter } from '../conversion/converter.ts';
import { documentNameOf, recordIdOf } from '../document-name.ts';
import { RealtimeError } from '../errors.ts';
import type { SnapshotStore } from '../ports.ts';
import { dataFolderOf, openStore, readSettings } from './settings.ts';
import { type Command, failure, success, type Terminal, UsageError } from './terminal.ts';

interface Asked {
  readonly config: Config;
  readonly recordId: string;
  readonly to: 'markdown' | 'yjs';
  readonly url: string;
  readonly terminal: Terminal;
}

type Action = (asked: Asked, version: number) => Promise<number>;

const actions: Readonly<Record<string, { readonly run: Action; readonly needsVersion: boolean }>> = {
  list: { run: list, needsVersion: false },
  show: { run: show, needsVersion: true },
  export: { run: show, needsVersion: true },
  restore: { run: restore, needsVersion: true },
};

export const snapshots: Command = async (args, terminal) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      to: { type: 'string', default: 'markdown' },
      url: { type: 'string' },
    },
  });
  const [name = '', recordId, version, ...more] = positionals;
  const action = actions[name];
  if (!action || recordId === undefined || more.length > 0)
    throw new UsageError('Say what to do, and with which record.');
  if (action.needsVersion !== (version !== undefined)) {
    throw new UsageError(
      action.needsVersion ? 'Say which version: "list" numbers them.' : 'A list is of all versions.',
    );
  }
  const { to } = values;
  if (to !== 'markdown' && to !== 'yjs') throw new UsageError(`--to knows markdown and yjs, not "${to}".`);
  recordIdOf(documentNameOf(recordId));
  const config = await readSettings(values.config, terminal.environment);
  const url = (values.url ?? `http://127.0.0.1:${config.port}`).replace(/\/+$/, '');
  return action.run({ config, recordId, to, url, terminal }, version === undefined ? 0 : versionIn(version));
};

async function list({ config, recordId, terminal }: Asked): Promise<number> {
  const versions = await withStore(config, (store) => store.list(documentNameOf(recordId)));
  if (versions.length === 0) terminal.write(`No version of ${recordId} is stored.\n`);
  for (const { revision, at, byteSize, contributors, name } of versions) {
    const by = contributors.map((contributor) => contributor.name).join(', ');
    const about = [String(revision), new Date(at).toISOString(), `${byteSize} bytes`, by, name ?? ''];
    terminal.write(`${about.join('\t').trimEnd()}\n`);
  }
  return success;
}

async function show({ config, recordId, to, terminal }: Asked, version: number): Promise<number> {
  const bytes = await withStore(config, (store) => store.read(documentNameOf(recordId), version));
  if (!bytes) throw new RealtimeError('no-such-version');
  // How a version is read it says itself; these settings are for what is opened anew.
  const converter = new WorkerConverter({ markdown: {}, deadlineMs: config.document.conversion_ms });
  try {
    terminal.write(
      to === 'yjs' ? await converter.versionState(bytes) : await converter.versionMarkdown(bytes),
    );
  } finally {
    await converter.close();
  }
  return success;
}

async function restore({ config, recordId, url, terminal }: Asked, version: number): Promise<number> {
  const { token } = config.admin;
  if (token === undefined) throw new UsageError('admin.token is not set: the running server asks for it.');
  const response = await fetch(`${url}/api/v1/realtime/records/${recordId}/versions/${version}/restore`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  }).catch(() => null);
  if (!response) {
    terminal.complain(`No server answers at ${url}. Start it, or say where it is with --url.\n`);
    return failure;
  }
  const answer = (await response.json()) as {
    revision?: number;
    before?: number;
    error?: { message: string };
  };
  if (!response.ok) {
    terminal.complain(`${answer.error?.message ?? `The server answered ${response.status}.`}\n`);
    return failure;
  }
  terminal.write(
    `${recordId} is what it was in version ${version}. That is version ${answer.revision} now; restoring version ${answer.before} takes it back.\n`,
  );
  return success;
}

async function withStore<Result>(
  config: Config,
  use: (store: SnapshotStore) => Promise<Result>,
): Promise<Result> {
  const folder = dataFolderOf(config);
  // Whoever only looks makes no database.
  if (isLocal(config) && !existsSync(folder)) throw new UsageError(`There is no data folder ${folder}.`);
  const store = await openStore(config);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

function isLocal({ snapshots: { storage } }: Config): boolean {
  return storage === 'database' || storage === 'filesystem';
}

function versionIn(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new UsageError(`A version is a whole number from 1 on, not "${text}".`);
  return Number(text);
}
