/**
 * What we ask of CivicPress' core when we live in its process: `@civicpress/core` is not on npm, so these are our own
 * words for the parts of its services that we use, as v0.3.1 has them.
 */

/** `ServiceContainer` */
export interface CoreContainer {
  singleton<Service>(key: string, make: (container: CoreContainer) => Service): unknown;
  resolve<Service>(key: string): Service;
  isRegistered(key: string): boolean;
}

/** The configuration that `registerRealtimeServices` is given. */
export interface CoreConfig {
  /** CivicPress' `data` folder; `.system-data` lies beside it. */
  readonly dataDir: string;
}

/** `logger` */
export interface CoreLogger {
  error(message: string, data?: unknown): void;
  warn(message: string, data?: unknown): void;
  info(message: string, data?: unknown): void;
  debug(message: string, data?: unknown): void;
}

export type CoreHookHandler = (data: unknown, context: unknown) => Promise<void> | void;

/** `hooks` */
export interface CoreHooks {
  /** Handlers run one after another; what they throw is swallowed. */
  emit(name: string, data: unknown): Promise<void>;
  registerHook(name: string, handler: CoreHookHandler): void;
  /** Not every hook system has it. */
  removeHook?(name: string, handler: CoreHookHandler): void;
}

export interface CoreUser {
  readonly id: number | string;
  readonly username: string;
  readonly role: string;
  readonly name?: string | null;
}

/** `auth` */
export interface CoreAuth {
  /** `null` for a token that it does not know, or whose session has ended. */
  validateSession(token: string): Promise<CoreUser | null>;
  userCan(
    user: CoreUser,
    permission: 'records:view' | 'records:edit',
    context: { readonly recordType: string; readonly action: 'view' | 'edit' },
  ): Promise<boolean>;
}

/** What a published record has beside its text; a draft that is made without it erases it on publishing. */
export interface CoreRecord {
  readonly id: string;
  readonly title: string;
  readonly type: string;
  readonly status?: string | null;
  readonly workflowState?: string | null;
  /** The Markdown below the frontmatter. */
  readonly content?: string | null;
  readonly author?: string | null;
  readonly authors?: unknown;
  readonly source?: unknown;
  readonly metadata?: unknown;
  readonly geography?: unknown;
  readonly attachedFiles?: unknown;
  readonly linkedRecords?: unknown;
  readonly linkedGeographyFiles?: unknown;
}

/** `recordManager` */
export interface CoreRecordManager {
  /** The published record; `null` when there is none. */
  getRecord(id: string): Promise<CoreRecord | null>;
}

/** A row of `record_drafts`. */
export interface CoreDraft {
  readonly id: string;
  readonly title: string;
  readonly type: string;
  readonly markdown_body?: string | null;
}

export interface CoreNewDraft {
  readonly id: string;
  readonly title: string;
  readonly type: string;
  readonly status?: string;
  readonly workflow_state?: string;
  readonly markdown_body: string;
  /** These five are JSON text. */
  readonly metadata: string | null;
  readonly geography: string | null;
  readonly attached_files: string | null;
  readonly linked_records: string | null;
  readonly linked_geography_files: string | null;
  readonly author: string;
  readonly created_by: string;
}

/** `database`, as far as drafts go. */
export interface CoreDatabase {
  getDraft(id: string): Promise<CoreDraft | null>;
  createDraft(draft: CoreNewDraft): Promise<void>;
  updateDraft(id: string, changes: { readonly markdown_body: string }): Promise<void>;
  /** For what none of these can do; not every database has it. */
  getAdapter?(): CoreDatabaseAdapter;
}

export interface CoreDatabaseAdapter {
  /** SQL as SQLite takes it. */
  execute(sql: string, values: string[]): Promise<{ readonly changes?: number }>;
}
