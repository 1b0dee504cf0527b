/** What each role may do: the permission lists as recorded, and the rights by record type that no list shows. */

const CLERK_RECORDS = ['records:create', 'records:edit', 'records:view', 'records:list'];
const USERS = ['users:view', 'users:edit', 'users:create', 'users:delete'];
const PUBLIC = ['records:view', 'records:list', 'storage:download'];

const PERMISSIONS = new Map<string, readonly string[]>([
  [
    'admin',
    [
      '*',
      'records:import',
      'records:export',
      'templates:view',
      'templates:manage',
      'hooks:view',
      'hooks:manage',
      'workflows:manage',
      'storage:upload',
      'storage:download',
      'storage:delete',
      'storage:manage',
      'storage:admin',
      'storage:read_private',
      ...CLERK_RECORDS,
      ...USERS,
      'geography:manage',
    ],
  ],
  [
    'clerk',
    [...CLERK_RECORDS, ...USERS, 'templates:view', 'storage:upload', 'storage:download', 'geography:manage'],
  ],
  ['public', PUBLIC],
]);

export type RecordAction = 'create' | 'edit' | 'view' | 'delete';

export class Roles {
  /** The record types that a role may create and edit. */
  readonly #recordTypes: Map<string, readonly string[]>;

  constructor(recordTypesByRole: Readonly<Record<string, readonly string[]>>) {
    this.#recordTypes = new Map(Object.entries(recordTypesByRole));
  }

  /** The roles that somebody can have; one that is only known by its record types is otherwise a `public`. */
  names(): string[] {
    return [...new Set([...PERMISSIONS.keys(), ...this.#recordTypes.keys()])];
  }

  permissionsOf(role: string): readonly string[] {
    return PERMISSIONS.get(role) ?? (this.#recordTypes.has(role) ? PUBLIC : []);
  }

  isAdministrator(role: string): boolean {
    return this.permissionsOf(role).includes('*');
  }

  can(role: string, action: RecordAction, recordType?: string): boolean {
    const permissions = this.permissionsOf(role);
    if (permissions.includes('*') || permissions.includes(`records:${action}`)) return true;
    const isByType = action === 'create' || action === 'edit';
    return isByType && recordType !== undefined && this.#mayWriteType(role, recordType);
  }

  #mayWriteType(role: string, recordType: string): boolean {
    return this.#recordTypes.get(role)?.includes(recordType) ?? false;
  }
}
