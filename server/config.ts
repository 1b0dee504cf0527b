/**
 * The configuration: one schema with type, limits, default and sentence together.
 *
 * Environment names and the table of docs/settings.md derive from it. A wrong value stops the start
 * and every wrong setting is named, not only the first.
 */
import { isIP } from 'node:net';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { dialectNames, featuresHeldBy, usualFeaturesOf } from '../markdown/dialects.ts';
import { allFeatures } from '../markdown/features.ts';
import { eventNames } from './events.ts';
import { hostOf, isPublic } from './webhooks/addresses.ts';

/** Node's timers fire at once beyond 2³¹ ms. */
const longestTimerSeconds = 2_147_483;

const isPostgresUrl = (url: string) => /^postgres(ql)?:\/\//.test(url) && URL.canParse(url);

/** Those that are private by themselves; what a name leads to is looked up when something is posted. */
function privateHostsIn(urls: unknown): string[] {
  const hosts = Array.isArray(urls)
    ? urls.flatMap((url) => (URL.canParse(url) ? hostOf(new URL(url)) : []))
    : [];
  return hosts.filter((host) => host === 'localhost' || (isIP(host) !== 0 && !isPublic(host)));
}

const isRedisUrl = (url: string) => /^rediss?:\/\//.test(url) && URL.canParse(url);

const hostsAndPorts = z
  .array(z.string().regex(/^(\[[\da-fA-F:]+\]|[\w.-]+):\d+$/, 'must be host:port'))
  .default([]);

const schema = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether the server starts at all.'),
  port: z.int().min(0).max(65535).default(3001).describe('TCP port; 0 lets the system choose.'),
  host: z
    .string()
    .optional()
    .describe('Address to listen on; 0.0.0.0 when unset, 127.0.0.1 with the embedded demo CivicPress.'),
  path: z
    .string()
    .regex(/^\/[\w\-/]*$/, 'must begin with / and hold letters, digits, "_", "-" and "/" only')
    .default('/realtime')
    .describe('URL path of the Hocuspocus WebSocket.'),
  data_dir: z.string().min(1).default('.system-data/realtime').describe('Folder for journal and snapshots.'),
  civicpress: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
        .refine(
          (url) => !URL.canParse(url) || new URL(url).username === '',
          'must hold no user name or password',
        )
        .optional()
        .describe('Base URL of CivicPress; unset: an embedded demo CivicPress (not in production).'),
      username: z.string().optional().describe('CivicPress user that the server reads and writes drafts as.'),
      password: z
        .string()
        .optional()
        .describe('Its password. A secret: give it by the environment, it has no default.'),
      timeout_ms: z
        .int()
        .min(500)
        .max(60_000)
        .default(3_000)
        .describe('How long an answer of CivicPress may take, in ms.'),
      forward_address: z
        .boolean()
        .default(false)
        .describe('Send the editor’s address as X-Forwarded-For, so that CivicPress’ limits count editors.'),
    })
    .prefault({}),
  auth: z
    .strictObject({
      cache_seconds: z
        .int()
        .min(1)
        .max(3_600)
        .default(60)
        .describe(
          'How long a validated token and its rights are believed, for whoever comes in, without asking CivicPress again.',
        ),
      recheck_seconds: z
        .int()
        .min(1)
        .max(3_600)
        .default(60)
        .describe(
          'How often CivicPress is asked about the rights of everybody who is in; less often where its limits do not allow it.',
        ),
      stale_seconds: z
        .int()
        .min(1)
        .max(86_400)
        .default(900)
        .describe(
          'How long who is in stays when CivicPress does not answer; as long as its own limits may keep us waiting.',
        ),
      token_in_query: z
        .boolean()
        .default(false)
        .describe(
          'Whether plain y-websocket clients may sign in by ?token=, which proxies write into their logs.',
        ),
    })
    .prefault({}),
  admin: z
    .strictObject({
      token: z
        .string()
        .min(24, 'must have at least 24 characters')
        .optional()
        .describe(
          'Opens the API for every record and for operators, beside CivicPress’ own tokens. A secret: it has no default.',
        ),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      token: z
        .string()
        .min(24, 'must have at least 24 characters')
        .optional()
        .describe(
          'Who has it may read /metrics; unset: whoever asks from this machine, not through a proxy.',
        ),
    })
    .prefault({}),
  presence: z
    .strictObject({
      updates_per_second: z
        .int()
        .min(1)
        .max(100)
        .default(20)
        .describe(
          'How often, in a room, others hear of somebody’s cursor; what is newer replaces what is older. With over 100 people in the room less often.',
        ),
      idle_seconds: z
        .int()
        .min(1)
        .max(longestTimerSeconds)
        .default(120)
        .describe('Seconds without typing or moving the cursor after which others see somebody as idle.'),
    })
    .prefault({}),
  rooms: z
    .strictObject({
      max_rooms: z.int().min(1).default(100).describe('Documents held open at once.'),
      cleanup_timeout: z
        .int()
        .min(0)
        .max(longestTimerSeconds)
        .default(3_600)
        .describe('Seconds that a document stays in memory after its last client left.'),
    })
    .prefault({}),
  snapshots: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('Whether versions are kept; false keeps the two newest, which a restart needs.'),
      interval: z
        .int()
        .min(1)
        .default(300)
        .describe('Seconds after an edit by which a snapshot holds it; until then the journal does.'),
      max_updates: z
        .int()
        .min(1)
        .default(100)
        .describe(
          'Updates after which a snapshot is written at once; as many again for each further 32 KB that it has, compressed.',
        ),
      storage: z
        .enum(['database', 'filesystem', 'postgres', 'civicpress'])
        .default('database')
        .describe(
          'database: one SQLite file; filesystem: a folder, one file for each version; postgres: a table in ' +
            'PostgreSQL; civicpress: CivicPress keeps the newest one (not v0.3.1).',
        ),
      postgres_url: z
        .string()
        .refine(isPostgresUrl, 'must be a postgres:// or postgresql:// URL')
        .optional()
        .describe(
          'Where PostgreSQL is, for storage postgres. It holds a secret: give it by the environment.',
        ),
      keep_newest: z
        .int()
        .min(2)
        .max(10_000)
        .default(20)
        .describe('How many of a document’s newest versions stay; those with a name stay in any case.'),
      keep_hourly_hours: z
        .int()
        .min(0)
        .max(8_760)
        .default(24)
        .describe('For how many hours one version of each hour stays beside those.'),
      keep_daily_days: z
        .int()
        .min(0)
        .max(36_500)
        .default(30)
        .describe('For how many days one version of each day (UTC) stays beside those.'),
    })
    .refine((values) => values?.storage !== 'postgres' || values.postgres_url !== undefined, {
      path: ['postgres_url'],
      error: 'must be set, because snapshots.storage is postgres',
      // Also beside other mistakes, even where there are no values at all: every one is named.
      when: () => true,
    })
    .prefault({}),
  saving: z
    .strictObject({
      retry_min_ms: z
        .int()
        .min(10)
        .max(600_000)
        .default(500)
        .describe('First pause, in ms, before a failed save is tried again.'),
      retry_max_ms: z
        .int()
        .min(10)
        .max(600_000)
        .default(2_000)
        .describe('Longest pause, in ms, between tries to save.'),
    })
    .prefault({}),
  writeback: z
    .strictObject({
      after_ms: z
        .int()
        .min(0)
        .max(600_000)
        .default(2_000)
        .describe('Pause in typing, in ms, after which the record’s draft is written.'),
      at_latest_ms: z
        .int()
        .min(0)
        .max(3_600_000)
        .default(10_000)
        .describe('Longest time, in ms, that continued typing puts off writing the draft.'),
      drafts_per_minute: z
        .int()
        .min(1)
        .max(60_000)
        .default(20)
        .describe(
          'Drafts of all rooms in a minute, each two requests (up to five where others save too) of the 1,000 that CivicPress takes in 15 minutes; more wait their turn.',
        ),
    })
    .prefault({}),
  external_edits: z
    .strictObject({
      poll_seconds: z
        .int()
        .min(0)
        .max(86_400)
        .default(30)
        .describe(
          'Seconds after which the record of an open document is looked at again; later when many are open, 0 for never.',
        ),
    })
    .prefault({}),
  document: z
    .strictObject({
      dialect: z
        .enum(dialectNames)
        .default('tiptap')
        .describe(
          'What the editors call their nodes: tiptap (bulletList), or civicpress for its own schema (bullet_list).',
        ),
      features: z
        .array(z.enum(allFeatures as [string, ...string[]]))
        .optional()
        .describe(
          `What the deployed editors have nodes for, of ${allFeatures.join(', ')}; the rest travels as opaque blocks. ` +
            `Unset: ${usualFeaturesOf('tiptap').join(', ')} (a plain StarterKit), all in the demo; with civicpress ${usualFeaturesOf('civicpress').join(', ')}.`,
        ),
      conversion_ms: z
        .int()
        .min(100)
        .max(600_000)
        .default(5_000)
        .describe(
          'How long turning Markdown into a document, or back, may compute, in ms: 1 MB of law takes one second, ' +
            'and other rooms wait for it. What takes longer is opened as one block of source.',
        ),
      require_announcement: z
        .boolean()
        .default(false)
        .describe('Whether editors that do not announce their features are kept out.'),
    })
    .superRefine(({ dialect, features = [] }, context) => {
      const held = featuresHeldBy(dialect) as string[];
      const missing = features.filter((feature) => !held.includes(feature));
      if (missing.length === 0) return;
      const message = `has ${missing.join(', ')}, which no ${dialect} editor can hold; those can hold ${held.join(', ')}`;
      context.addIssue({ code: 'custom', path: ['features'], message });
    })
    .prefault({}),
  security: z
    .strictObject({
      allowed_origins: z
        .array(z.url({ protocol: /^https?$/, error: 'must be origins such as https://records.example.org' }))
        .default([])
        .describe('Pages of other hosts that may connect, by origin; pages of the server’s own host may.'),
      trusted_proxies: z
        .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'must be IP addresses or ranges'))
        .default([])
        .describe('Proxies in front of the server; from them alone X-Forwarded-For is believed.'),
    })
    .prefault({}),
  rate_limiting: z
    .strictObject({
      messages_per_second: z
        .int()
        .min(1)
        .default(100)
        .describe(
          'Messages a second that one connection has a right to; what is faster waits its turn. Fast typing takes 30, a key held down 60.',
        ),
      excess_per_hour: z
        .int()
        .min(1_000)
        .default(100_000)
        .describe(
          'How many messages beyond that a user may send in an hour: an offline hour of typing is 50,000. ' +
            'Edits of who has been connected for a while count 10 times, all but edits 20 times. ' +
            'From half of it on the editor is warned; beyond it, it is kept out for five minutes.',
        ),
      connections: z.int().min(1).default(5_000).describe('Sockets at once, in all.'),
      connections_per_ip: z
        .int()
        .min(1)
        .default(100)
        .describe(
          'Sockets from one address, or one IPv6 network (/64), at once; and three times as many HTTP requests a second, but 300 at least.',
        ),
      connections_per_user: z
        .int()
        .min(1)
        .default(10)
        .describe('Sockets that one user has at once, and documents that they have open.'),
      connections_per_document: z
        .int()
        .min(1)
        .default(2_000)
        .describe('People who have one document open at once.'),
      documents_per_socket: z
        .int()
        .min(1)
        .default(20)
        .describe('Documents on one socket, also those that are still being opened.'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      frame_bytes: z.int().min(1_024).default(4_194_304).describe('Largest WebSocket frame, in bytes.'),
      document_bytes: z
        .int()
        .min(65_536)
        .default(10_485_760)
        .describe(
          'Largest document, in bytes of its Yjs state, with one element or text for each 48 of them at most; beyond it only deletions are taken.',
        ),
      buffered_bytes: z
        .int()
        .min(65_536)
        .default(8_388_608)
        .describe('How much may wait for one client to read it, in bytes; then its socket is closed.'),
      unsaved_bytes: z
        .int()
        .min(65_536)
        .default(16_777_216)
        .describe(
          'How much of one document may wait while the journal takes nothing, in bytes; then its room is for reading.',
        ),
      authentication_seconds: z
        .int()
        .min(1)
        .max(300)
        .default(10)
        .describe('How long a socket may take until somebody has signed in on it.'),
      unauthenticated_bytes: z
        .int()
        .min(1_024)
        .default(65_536)
        .describe('How much a socket may send before that, in bytes.'),
      unauthenticated_bytes_in_all: z
        .int()
        .min(1_024)
        .default(16_777_216)
        .describe('The same for all such sockets together.'),
      ping_seconds: z
        .int()
        .min(1)
        // Proxies close what is silent for a minute.
        .max(30)
        .default(20)
        .describe('Pause between WebSocket pings; a peer that misses one is closed.'),
    })
    .prefault({}),
  webhooks: z
    .strictObject({
      urls: z
        .array(z.url({ protocol: /^https?$/, error: 'must be http:// or https:// URLs' }))
        .default([])
        .describe('Where events are posted to, as docs/webhooks.md says; none when empty.'),
      secret: z
        .string()
        .min(32, 'must have at least 32 characters')
        .optional()
        .describe('By which receivers know that an event is ours. A secret: give it by the environment.'),
      events: z
        .array(z.enum(eventNames as [string, ...string[]]))
        .optional()
        .describe('Which events are posted, of those in docs/events.md. Unset: all.'),
      private_hosts: z
        .array(z.string())
        .default([])
        .describe('Hosts of such URLs that may have private addresses, by name.'),
      timeout_ms: z
        .int()
        .min(100)
        .max(60_000)
        .default(10_000)
        .describe('How long an answer may take, in ms.'),
      retry_min_ms: z
        .int()
        .min(10)
        .max(600_000)
        .default(1_000)
        .describe('First pause, in ms, before an event is posted again.'),
      retry_max_ms: z
        .int()
        .min(10)
        .max(3_600_000)
        .default(600_000)
        .describe('Longest pause, in ms, before an event is posted again.'),
      give_up_hours: z
        .int()
        .min(1)
        .max(720)
        .default(24)
        .describe('How long an event is tried until it is a dead letter.'),
      keep_dead_days: z.int().min(1).max(3_650).default(30).describe('How long a dead letter is kept.'),
    })
    .refine((values) => !values?.urls?.length || values.secret !== undefined, {
      path: ['secret'],
      error: 'must be set, because webhooks.urls is',
      when: () => true,
    })
    .refine((values) => privateHostsIn(values?.urls).every((host) => values?.private_hosts?.includes(host)), {
      path: ['urls'],
      error: 'leads to a private address, and webhooks.private_hosts does not name it',
      when: () => true,
    })
    .prefault({}),
  shutdown: z
    .strictObject({
      deadline_seconds: z
        .int()
        .min(0)
        .max(300)
        .default(10)
        .describe('How long a stop waits for everything to be saved.'),
    })
    .prefault({}),
  redis: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('Whether several nodes serve the same records; what they share is in Redis.'),
      url: z
        .string()
        .refine(isRedisUrl, 'must be a redis:// or rediss:// URL')
        .optional()
        .describe('Where Redis is, with user, password and database. It may hold a secret.'),
      sentinels: hostsAndPorts.describe(
        'Sentinels that know which Redis is master, as host:port; host and port of the URL do not count then.',
      ),
      sentinel_name: z.string().min(1).default('mymaster').describe('What the Sentinels call it.'),
      cluster_nodes: hostsAndPorts.describe(
        'Some nodes of a Redis Cluster, as host:port; host and port of the URL do not count then.',
      ),
      key_prefix: z
        .string()
        .regex(/^\{[\w-]+\}[\w:-]*$/, 'must begin with a name in braces, such as {records}:')
        .default('{realtime}:')
        .describe('Begins every key. The braces keep all in one place of a Redis Cluster.'),
      wait_replicas: z
        .int()
        .min(0)
        .max(10)
        .default(0)
        .describe('How many replicas have an edit before it is acknowledged.'),
    })
    .refine((values) => values?.enabled !== true || values.url !== undefined, {
      path: ['url'],
      error: 'must be set, because redis.enabled is true',
      when: () => true,
    })
    .prefault({}),
  specs: z
    .strictObject({
      folder: z
        .string()
        .min(1)
        .optional()
        .describe('Folder of spec files that dashboards follow; unset: none, in the demo one with samples.'),
      debounce_ms: z
        .int()
        .min(0)
        .max(60_000)
        .default(100)
        .describe('How long a spec file must be quiet, in ms, before it is looked at.'),
      compare_seconds: z
        .int()
        .min(1)
        .max(86_400)
        .default(30)
        .describe('Pause between two comparisons of all spec files, for what the system told nothing of.'),
      file_bytes: z
        .int()
        .min(1_024)
        .max(16_777_216)
        .default(262_144)
        .describe('Largest spec file, in bytes; larger ones are left alone.'),
      history: z
        .int()
        .min(1)
        .max(100_000)
        .default(1_000)
        .describe('Changes of specs that are kept for whoever comes back.'),
    })
    .prefault({}),
  tracing: z
    .strictObject({
      otlp_url: z
        .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
        .optional()
        .describe(
          'Where traces of edits are sent, to a collector of OpenTelemetry, such as http://127.0.0.1:4318/v1/traces; unset: there are none.',
        ),
      sample_ratio: z
        .number()
        .min(0)
        .max(1)
        .default(0.1)
        .describe('Which part of all edits is traced, from 0 to 1.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('Least important level that is logged.'),
    })
    .prefault({}),
});

/** Nodes that share records share their snapshots. */
const consistentSchema = schema.refine(
  (values) =>
    values?.redis?.enabled !== true || !['database', 'filesystem'].includes(values.snapshots?.storage),
  {
    path: ['snapshots', 'storage'],
    error:
      'must be postgres or civicpress, because redis.enabled is true: what is on the disk of one node, others cannot read',
    when: () => true,
  },
);

export type Config = z.infer<typeof schema>;

/** One setting, as the documentation and the environment know it. */
export interface Setting {
  /** Dotted path in the file, below `realtime:`. */
  readonly path: string;
  /** `rooms.max_rooms` → `REALTIME_ROOMS_MAX_ROOMS` */
  readonly environmentName: string;
  readonly default: unknown;
  readonly description: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'list';
}

/** Thrown with a message that names every wrong setting, one a line. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`The configuration is wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

export const settings: readonly Setting[] = settingsOf(schema, []);

/**
 * The configuration from a file's text and the environment; the environment wins.
 *
 * @param yaml text of `realtime.yml`, with or without the top-level key `realtime:`; empty for none
 * @throws ConfigError
 */
export function loadConfig(yaml: string, environment: Record<string, string | undefined> = {}): Config {
  const problems: string[] = [];
  const values = valuesOfFile(yaml, problems);
  for (const [path, value] of valuesOfEnvironment(environment, problems)) {
    assign(values, path.split('.'), value);
  }
  return checkConfig(values, problems);
}

/**
 * Values as a whole configuration, with defaults for those that are missing.
 *
 * @param problems what is known to be wrong already
 * @throws ConfigError
 */
export function checkConfig(values: unknown, problems: readonly string[] = []): Config {
  const parsed = consistentSchema.safeParse(values);
  const all = [...problems, ...(parsed.error?.issues ?? []).flatMap(sentencesOf)];
  if (!parsed.success || all.length > 0) throw new ConfigError(all);
  return parsed.data;
}

/** The settings as a Markdown table, as it stands in docs/settings.md. */
export function settingsTable(): string {
  const rows = settings.map(
    (setting) =>
      `| \`${setting.path}\` | \`${setting.environmentName}\` | ${shown(setting.default)} | ${setting.description} |`,
  );
  return ['| setting | environment | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function valuesOfFile(yaml: string, problems: string[]): Record<string, unknown> {
  try {
    // Aliases are the way to write a small file that unfolds into a huge one; a configuration needs none.
    const parsed: unknown = parseYaml(yaml, { maxAliasCount: 0 }) ?? {};
    const isWrapped = isRecord(parsed) && 'realtime' in parsed;
    const values = isWrapped ? (parsed.realtime ?? {}) : parsed;
    for (const key of isWrapped ? Object.keys(parsed) : []) {
      if (key !== 'realtime') problems.push(`${key} stands beside "realtime:", where no setting is read`);
    }
    if (isRecord(values)) return structuredClone(values);
    problems.push('the file must hold settings as "key: value" lines');
  } catch (error) {
    problems.push(`the file is not YAML: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
  }
  return {};
}

function valuesOfEnvironment(
  environment: Record<string, string | undefined>,
  problems: string[],
): [path: string, value: unknown][] {
  const byName = new Map(settings.map((setting) => [setting.environmentName, setting]));
  const values: [string, unknown][] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('REALTIME_') || text === undefined || text === '') continue;
    const setting = byName.get(name);
    if (setting) values.push([setting.path, valueOfText(setting, text)]);
    else problems.push(`${name} (environment) is not a setting`);
  }
  return values;
}

/** What is no number or boolean stays text, so that the schema can say what is wrong with it. */
function valueOfText(setting: Setting, text: string): unknown {
  if (setting.kind === 'list') return text.split(',').map((item) => item.trim());
  if (setting.kind === 'number' && /^-?\d+$/.test(text)) return Number(text);
  if (setting.kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function assign(values: Record<string, unknown>, path: string[], value: unknown): void {
  const [key, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    values[key] = value;
    return;
  }
  const inner = isRecord(values[key]) ? values[key] : {};
  values[key] = inner;
  assign(inner, rest, value);
}

function sentencesOf(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${[...issue.path, key].join('.')} is not a setting`);
  }
  return [`${path || 'the file'}: ${issue.message}`];
}

function settingsOf(object: z.ZodObject, path: string[]): Setting[] {
  return Object.entries(object.shape).flatMap(([key, type]) => {
    const here = [...path, key];
    const inner = innermost(type as z.ZodType);
    if (inner instanceof z.ZodObject) return settingsOf(inner, here);
    return {
      path: here.join('.'),
      environmentName: `REALTIME_${here.join('_').toUpperCase()}`,
      default: type instanceof z.ZodDefault ? type.def.defaultValue : undefined,
      description: (type as z.ZodType).description ?? '',
      kind: kindOf(inner),
    };
  });
}

function innermost(type: z.ZodType): z.ZodType {
  const wraps =
    type instanceof z.ZodDefault || type instanceof z.ZodPrefault || type instanceof z.ZodOptional;
  return wraps ? innermost(type.def.innerType as z.ZodType) : type;
}

function kindOf(type: z.ZodType): Setting['kind'] {
  if (type instanceof z.ZodNumber) return 'number';
  if (type instanceof z.ZodArray) return 'list';
  if (type instanceof z.ZodBoolean || type instanceof z.ZodLiteral) return 'boolean';
  return 'text';
}

function shown(value: unknown): string {
  if (value === undefined) return '–';
  return Array.isArray(value) ? value.map((item) => `\`${item}\``).join(' ') : `\`${value}\``;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
