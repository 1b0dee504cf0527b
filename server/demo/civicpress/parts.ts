import type { Accounts } from './accounts.ts';
import type { CollabSnapshots } from './collab-snapshots.ts';
import type { Drafts } from './drafts.ts';
import type { Locks } from './locks.ts';
import type { RateLimits } from './rate-limits.ts';
import type { RecordFiles } from './record-files.ts';
import type { Roles } from './roles.ts';
import type { Sessions } from './sessions.ts';

/** What the routes work with. */
export interface Parts {
  roles: Roles;
  accounts: Accounts;
  sessions: Sessions;
  records: RecordFiles;
  drafts: Drafts;
  locks: Locks;
  /** `null`: the route does not exist. */
  collabSnapshots: CollabSnapshots | null;
  /** `null`: nobody counts. */
  rateLimits: RateLimits | null;
  requestSnapshot: (recordId: string) => Promise<{ snapshotCreated: boolean; version: number | null }>;
  now: () => number;
}
