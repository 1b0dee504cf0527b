/**
 * CivicPress' core in a test: container, hooks, auth, record manager and database as v0.3.1's services behave, in memory.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parse } from 'yaml';
import type {
  CoreAuth,
  CoreContainer,
  CoreDatabase,
  CoreDraft,
  CoreHookHandler,
  CoreHooks,
  CoreLogger,
  CoreNewDraft,
  CoreRecord,
  CoreRecordManager,
  CoreUser,
} from '../../server/civicpress/module.ts';

/** Makes each service once, when it is first asked for; an unknown key throws. */
export class ServiceContainer implements CoreContainer {
  readonly #factories = new Map<string, (container: CoreContainer) => unknown>();
  readonly #made = new Map<string, unknown>();

  singleton<Service>(key: string, make: (container: CoreContainer) => Service): this {
    this.#factories.set(key, make);
    return this;
  }

  registerInstance<Service>(key: string, service: Service): this {
    this.#made.set(key, service);
    return this;
  }

  resolve<Service>(key: string): Service {
    if (this.#made.has(key)) return this.#made.get(key) as Service;
    const make = this.#factories.get(key);
    if (!make) throw new Error(`Service not registered: ${key}`);
    const service = make(this);
    this.#made.set(key, service);
    return service as Service;
  }

  isRegistered(key: string): boolean {
    return this.#made.has(key) || this.#factories.has(key);
  }
}

export class HookSystem implements CoreHooks {
  readonly #handlers = new Map<string, CoreHookHandler[]>();
  /** Everything that was emitted, in order. */
  readonly emitted: { name: string; data: Record<string, unknown> }[] = [];

  registerHook(name: string, handler: CoreHookHandler): void {
    this.#handlers.set(name, [...(this.#handlers.get(name) ?? []), handler]);
  }

  removeHook(name: string, handler: CoreHookHandler): void {
    this.#handlers.set(name, this.#handlers.get(name)?.filter((one) => one !== handler) ?? []);
  }

  countOf(name: string): number {
    return this.#handlers.get(name)?.length ?? 0;
  }

  /** One handler after another; what they throw is swallowed. */
  async emit(name: string, data: unknown): Promise<void> {
    this.emitted.push({ name, data: data as Record<string, unknown> });
    for (const handler of this.#handlers.get(name) ?? []) {
      try {
        await handler(data, { timestamp: new Date() });
      } catch {
        // As CivicPress does.
      }
    }
  }
}

type Role = 'clerk' | 'public';

export class AuthService implements CoreAuth {
  readonly #hooks: HookSystem;
  readonly #sessions = new Map<string, CoreUser & { role: string }>();
  readonly #ids = new Map<string, number>();
  /** Record types that the role may edit beside its own rights. */
  readonly mayEditTypes = new Map<string, readonly string[]>();
  isDown = false;

  constructor(hooks: HookSystem) {
    this.#hooks = hooks;
  }

  signIn(username: string, role: Role | string = 'clerk'): string {
    const id = this.#ids.get(username) ?? this.#ids.size + 1;
    this.#ids.set(username, id);
    const token = `token-of-${username}-${this.#sessions.size}`;
    this.#sessions.set(token, { id, username, role, name: username });
    return token;
  }

  setRole(username: string, role: string): void {
    for (const [token, user] of this.#sessions) {
      if (user.username === username) this.#sessions.set(token, { ...user, role });
    }
  }

  async deleteUserSessions(username: string, reason = 'logout'): Promise<void> {
    for (const [token, user] of this.#sessions) if (user.username === username) this.#sessions.delete(token);
    await this.#hooks.emit('auth:sessions:revoked', { userId: this.#ids.get(username), reason });
  }

  async validateSession(token: string): Promise<CoreUser | null> {
    if (this.isDown) throw new Error('SQLITE_BUSY: database is locked');
    return this.#sessions.get(token) ?? null;
  }

  async userCan(
    { role }: CoreUser,
    permission: 'records:view' | 'records:edit',
    { recordType }: { readonly recordType: string },
  ): Promise<boolean> {
    if (role === 'clerk' || permission === 'records:view') return true;
    return this.mayEditTypes.get(role)?.includes(recordType) ?? false;
  }
}

/** Published records, and what CivicPress does with them. */
export class RecordManager implements CoreRecordManager {
  readonly #hooks: HookSystem;
  readonly #database: DatabaseService;
  readonly #records = new Map<string, CoreRecord>();

  constructor(hooks: HookSystem, database: DatabaseService) {
    this.#hooks = hooks;
    this.#database = database;
  }

  put(record: CoreRecord): void {
    this.#records.set(record.id, record);
  }

  remove(id: string): void {
    this.#records.delete(id);
  }

  async getRecord(id: string): Promise<CoreRecord | null> {
    return this.#records.get(id) ?? null;
  }

  /** As the publishing of a draft does: the record takes every field of it, and the draft is gone. */
  async publishDraft(id: string): Promise<CoreRecord> {
    const draft = await this.#database.getDraft(id);
    if (!draft) throw new Error(`no draft of ${id}`);
    const json = (text: string | null) => (text === null ? undefined : JSON.parse(text));
    const record: CoreRecord = {
      id,
      title: draft.title,
      type: draft.type,
      status: 'published',
      workflowState: null,
      author: draft.author,
      content: draft.markdown_body?.trim() ?? '',
      metadata: json(draft.metadata),
      geography: json(draft.geography),
      attachedFiles: json(draft.attached_files),
      linkedRecords: json(draft.linked_records),
      linkedGeographyFiles: json(draft.linked_geography_files),
    };
    this.put(record);
    await this.#database.deleteDraft(id);
    await this.#hooks.emit('record:published', { record, user: { id: 1 }, action: 'publish' });
    return record;
  }

  async updateRecord(id: string, changes: Partial<CoreRecord>): Promise<void> {
    const record = { ...(await this.getRecord(id)), ...changes } as CoreRecord;
    this.put(record);
    await this.#hooks.emit('record:updated', { record, user: { id: 1 }, action: 'update' });
  }

  async archiveRecord(id: string): Promise<void> {
    const record = { ...(await this.getRecord(id)), status: 'archived' } as CoreRecord;
    this.put(record);
    await this.#hooks.emit('record:archived', { record, user: { id: 1 }, action: 'archive' });
  }
}

type DraftRow = CoreNewDraft & CoreDraft;

const draftFields = [
  ...['id', 'title', 'type', 'status', 'workflow_state', 'markdown_body', 'metadata', 'geography'],
  ...['attached_files', 'linked_records', 'linked_geography_files', 'author', 'created_by'],
] as const;

export class DatabaseService implements CoreDatabase {
  readonly #tables = new DatabaseSync(':memory:');
  /** Every write, in order. */
  readonly writes: { id: string; isNew: boolean; body: string }[] = [];
  isDown = false;
  /** Is called, once, when the server has read a draft and is about to write it. */
  beforeWrite: (() => Promise<void>) | null = null;

  constructor() {
    const columns = draftFields.map((name) => (name === 'id' ? 'id PRIMARY KEY' : name)).join();
    this.#tables.exec(`CREATE TABLE record_drafts (${columns}, updated_at, last_draft_saved_at)`);
  }

  async getDraft(id: string): Promise<DraftRow | null> {
    this.#refuseWhenDown();
    const row = this.#tables.prepare('SELECT * FROM record_drafts WHERE id = ?').get(id);
    return row === undefined ? null : (row as unknown as DraftRow);
  }

  async createDraft(draft: CoreNewDraft): Promise<void> {
    this.#refuseWhenDown();
    const values = draftFields.map((name) => draft[name as keyof CoreNewDraft] ?? null);
    const places = draftFields.map(() => '?').join();
    this.#tables.prepare(`INSERT INTO record_drafts (${draftFields}) VALUES (${places})`).run(...values);
    this.writes.push({ id: draft.id, isNew: true, body: draft.markdown_body });
  }

  async updateDraft(id: string, changes: { readonly markdown_body: string }): Promise<void> {
    this.#refuseWhenDown();
    const update = this.#tables.prepare('UPDATE record_drafts SET markdown_body = ? WHERE id = ?');
    // An UPDATE that meets no row is no error.
    if (update.run(changes.markdown_body, id).changes === 0) return;
    this.writes.push({ id, isNew: false, body: changes.markdown_body });
  }

  async deleteDraft(id: string): Promise<void> {
    this.#tables.prepare('DELETE FROM record_drafts WHERE id = ?').run(id);
  }

  getAdapter() {
    return {
      execute: async (sql: string, values: string[]) => {
        const before = this.beforeWrite;
        this.beforeWrite = null;
        await before?.();
        this.#refuseWhenDown();
        const changes = Number(this.#tables.prepare(sql).run(...values).changes);
        const [body = '', id = ''] = values;
        if (changes > 0) this.writes.push({ id, isNew: false, body });
        return { changes };
      },
    };
  }

  #refuseWhenDown(): void {
    if (this.isDown) throw new Error('SQLITE_BUSY: database is locked');
  }
}

export class RecordedLogger implements CoreLogger {
  readonly lines: { level: string; message: string; data: unknown }[] = [];
  error = (message: string, data?: unknown) => void this.lines.push({ level: 'error', message, data });
  warn = (message: string, data?: unknown) => void this.lines.push({ level: 'warn', message, data });
  info = (message: string, data?: unknown) => void this.lines.push({ level: 'info', message, data });
  debug = (message: string, data?: unknown) => void this.lines.push({ level: 'debug', message, data });
}

/** The demo's records, as `getRecord` gives them. */
export async function sampleRecords(): Promise<CoreRecord[]> {
  const folder = join(import.meta.dirname, '../../server/demo/records');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.md'));
  return Promise.all(
    files.map(async (name) => {
      const [, frontmatter, body] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(
        await readFile(join(folder, name), 'utf8'),
      ) as unknown as [string, string, string];
      const { id, title, type, status, author, metadata, ...others } = parse(frontmatter);
      return {
        id: name.slice(0, -'.md'.length),
        title: String(title ?? id),
        type: String(type),
        status,
        author,
        content: body.trim(),
        metadata: { ...others, ...metadata },
        geography: { center: { lat: 45.5, lon: -73.6 } },
        attachedFiles: [{ id: 'a1', path: 'plan.pdf', original_name: 'plan.pdf' }],
        linkedRecords: [{ id: 'privacy-policy', type: 'policy', description: 'see also' }],
        linkedGeographyFiles: [{ id: 'g1', name: 'Wards' }],
      };
    }),
  );
}
