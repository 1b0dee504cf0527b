import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, settings, settingsTable } from '../../server/config.ts';

/** The lines with which a configuration is refused. */
function problemsOf(yaml: string, environment: Record<string, string> = {}): string[] {
  try {
    loadConfig(yaml, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n  - ').slice(1);
    throw error;
  }
  return [];
}

describe('the defaults', () => {
  it('are those of CivicPress where it has them', () => {
    expect(loadConfig('')).toMatchObject({
      enabled: true,
      port: 3_001,
      path: '/realtime',
      rooms: { max_rooms: 100, cleanup_timeout: 3_600 },
      snapshots: { enabled: true, interval: 300, max_updates: 100, storage: 'database' },
      rate_limiting: { connections_per_ip: 100, connections_per_user: 10 },
      redis: { enabled: false },
    });
  });

  it('give no secret', () => {
    expect(loadConfig('').civicpress).not.toHaveProperty('password');
    expect(loadConfig('').admin).not.toHaveProperty('token');
  });
});

describe('the file', () => {
  it.each(['realtime:\n  port: 4000', 'port: 4000'])('is read with and without its key: %j', (yaml) => {
    expect(loadConfig(yaml).port).toBe(4_000);
  });

  it.each(['', '# nothing yet', 'realtime:', '{}'])('may say nothing: %j', (yaml) => {
    expect(loadConfig(yaml)).toEqual(loadConfig(''));
  });

  it('[C1] is refused for features that no editor of the dialect can hold', () => {
    const yaml = 'document: { dialect: civicpress, features: [table, taskList, html] }';
    expect(problemsOf(yaml)).toEqual([
      'document.features: has taskList, html, which no civicpress editor can hold; ' +
        'those can hold table, image, civicRef',
    ]);
    expect(problemsOf('document: { features: [table, taskList, html] }')).toEqual([]);
  });

  it('[C1] is refused for every wrong value, and each is named', () => {
    const wrong = {
      port: 70_000,
      path: 'realtime',
      data_dir: '',
      enabled: 'yes',
      'civicpress.url': 'ftp://town.example',
      'civicpress.timeout_ms': 1.5,
      'auth.cache_seconds': 0,
      'rooms.max_rooms': -1,
      'rooms.cleanup_timeout': 99_999_999,
      'snapshots.storage': 's3',
      'snapshots.postgres_url': 'db.example',
      'snapshots.keep_newest': 1,
      'snapshots.keep_hourly_hours': -1,
      'snapshots.keep_daily_days': 'thirty',
      'saving.retry_min_ms': null,
      'document.features': 'table',
      'limits.frame_bytes': 10,
      'limits.ping_seconds': 3_600,
      'redis.enabled': 'yes',
      'redis.key_prefix': 'realtime:',
      'redis.sentinels': 'one',
      'redis.wait_replicas': -1,
      'log.level': 'loud',
    };
    const problems = problemsOf(JSON.stringify(nested(wrong)));
    expect(problems.map((problem) => problem.split(':', 1)[0]).sort()).toEqual(Object.keys(wrong).sort());
  });

  it('[C1] needs to know where PostgreSQL is, when that keeps the snapshots', () => {
    const missing = 'snapshots.postgres_url: must be set, because snapshots.storage is postgres';
    expect(problemsOf('snapshots: {storage: postgres}')).toEqual([missing]);
    expect(problemsOf('snapshots: {storage: postgres, interval: 0}')).toHaveLength(2);
    expect(problemsOf('snapshots:')).toHaveLength(1);
    const url = 'postgres://realtime:secret@db.example/records?sslmode=require';
    expect(problemsOf(`snapshots: {storage: postgres, postgres_url: '${url}'}`)).toEqual([]);
    expect(problemsOf('', { REALTIME_SNAPSHOTS_STORAGE: 'postgres' })).toEqual([missing]);
  });

  it.each(['mysql://secret@host/db', 'host=db password=secret', 'postgres://[secret'])(
    '[C1] tells that %j is not where PostgreSQL is, without showing it',
    (url) => {
      const problems = problemsOf(JSON.stringify({ snapshots: { postgres_url: url } }));
      expect(problems).toEqual(['snapshots.postgres_url: must be a postgres:// or postgresql:// URL']);
    },
  );

  it('[K8] refuses several nodes that could not read each other’s snapshots, or have no Redis', () => {
    const storage =
      'snapshots.storage: must be postgres or civicpress, because redis.enabled is true: what is on the disk of one node, others cannot read';
    const url = 'redis.url: must be set, because redis.enabled is true';
    expect(problemsOf('redis: {enabled: true}').sort()).toEqual([url, storage]);
    expect(
      problemsOf('redis: {enabled: true, url: "redis://one"}\nsnapshots: {storage: filesystem}'),
    ).toEqual([storage]);
    expect(
      problemsOf('redis: {enabled: true, url: "redis://one"}\nsnapshots: {storage: civicpress}'),
    ).toEqual([]);
    expect(problemsOf('redis: {enabled: true}\nport: -1')).toHaveLength(3);
    expect(problemsOf('redis: {url: "http://one"}')).toEqual([
      'redis.url: must be a redis:// or rediss:// URL',
    ]);
    expect(
      problemsOf('', {
        REALTIME_REDIS_SENTINELS: 'one:26379,[::1]:26380',
        REALTIME_REDIS_CLUSTER_NODES: 'a',
      }),
    ).toEqual(['redis.cluster_nodes.0: must be host:port']);
  });

  it('[G3] may ask for a ping every second, and at the latest every thirty', () => {
    const ping = (seconds: number) => problemsOf(`limits: {ping_seconds: ${seconds}}`).length;
    expect([0, 1, 30, 31].map(ping)).toEqual([1, 0, 0, 1]);
  });

  it('[C1] is refused for what it does not know, at any depth', () => {
    expect(problemsOf('prot: 1\nrooms:\n  max: 1\n  __proto__: {}\nnothing: {}').sort()).toEqual([
      'nothing is not a setting',
      'prot is not a setting',
      'rooms.__proto__ is not a setting',
      'rooms.max is not a setting',
    ]);
  });

  it('[H5] is refused for webhooks that nobody could trust, or that go to a private address', () => {
    const urls =
      'webhooks:\n  urls: ["http://127.0.0.1:1/", "https://[::1]/", "http://localhost/", "https://example.org/"]';
    const secret = '\n  secret: a secret of at least thirty-two characters';
    const isPrivate =
      'webhooks.urls: leads to a private address, and webhooks.private_hosts does not name it';
    expect(problemsOf(urls)).toEqual(['webhooks.secret: must be set, because webhooks.urls is', isPrivate]);
    expect(problemsOf(urls + secret)).toEqual([isPrivate]);
    const most = `${urls}${secret}\n  private_hosts: [127.0.0.1, '::1'`;
    expect(problemsOf(`${most}]`)).toEqual([isPrivate]);
    expect(loadConfig(`${most}, localhost]`).webhooks.urls).toHaveLength(4);
  });

  it('[C1] is refused for settings that slipped out of "realtime:"', () => {
    expect(problemsOf('realtime:\n  port: 4000\nrooms:\n  max_rooms: 5')).toEqual([
      'rooms stands beside "realtime:", where no setting is read',
    ]);
  });

  it.each(['a: [', 'port: 1\nport: 2', 'port: 1\n---\nport: 2'])(
    '[C1] is refused when it is not YAML: %j',
    (yaml) => {
      expect(problemsOf(yaml)).toEqual([expect.stringMatching(/^the file is not YAML: .+/)]);
    },
  );

  it.each(['- 1', 'realtime: 5', 'text'])('[C1] is refused when it holds no settings: %j', (yaml) => {
    expect(problemsOf(yaml)).toEqual(['the file must hold settings as "key: value" lines']);
  });

  it('is refused when aliases would make a small file a huge one', () => {
    const bomb = ['a: &a [x, x]', 'b: &b [*a, *a]', 'c: [*b, *b]'].join('\n');
    expect(problemsOf(bomb)).toEqual(['the file is not YAML: Alias resolution is disabled']);
  });

  it('never shows a wrong secret', () => {
    expect(problemsOf('civicpress:\n  password: 123456').join()).not.toContain('123456');
    expect(problemsOf('admin:\n  token: too-short-a-token')).toEqual([
      'admin.token: must have at least 24 characters',
    ]);
  });
});

describe('the environment', () => {
  it('[C2] wins over the file', () => {
    const yaml = 'port: 4000\nrooms: {max_rooms: 5, cleanup_timeout: 7}';
    const config = loadConfig(yaml, { REALTIME_PORT: '5000', REALTIME_ROOMS_MAX_ROOMS: '6' });
    expect(config).toMatchObject({ port: 5_000, rooms: { max_rooms: 6, cleanup_timeout: 7 } });
  });

  it('[C2] gives text, numbers, booleans and lists', () => {
    const config = loadConfig('', {
      REALTIME_CIVICPRESS_PASSWORD: '12345',
      REALTIME_PORT: '0',
      REALTIME_SNAPSHOTS_ENABLED: 'false',
      REALTIME_DOCUMENT_FEATURES: 'table, strike',
    });
    expect(config).toMatchObject({
      civicpress: { password: '12345' },
      port: 0,
      snapshots: { enabled: false },
      document: { features: ['table', 'strike'] },
    });
  });

  it('[C2] reaches every setting', () => {
    expect(settings.map(({ environmentName }) => environmentName)).toContain('REALTIME_LIMITS_PING_SECONDS');
    for (const { environmentName, path } of settings) {
      expect(problemsOf('', { [environmentName]: '\0' }).join('\n')).not.toContain(`${environmentName} `);
      expect(environmentName).toBe(`REALTIME_${path.replaceAll('.', '_').toUpperCase()}`);
    }
  });

  it('counts for nothing where it is empty or somebody else’s', () => {
    expect(loadConfig('', { REALTIME_PORT: '', PORT: '1', HOME: '/' })).toEqual(loadConfig(''));
  });

  it('[C1] is refused for every wrong value and unknown name, together with the file', () => {
    const environment = {
      REALTIME_PORT: 'tcp://10.0.0.1:3001',
      REALTIME_ENABLED: 'TRUE',
      REALTIME_PROT: '1',
    };
    expect(
      problemsOf('nope: 1', environment)
        .map((problem) => problem.split(/[: ]/, 1)[0])
        .sort(),
    ).toEqual(['REALTIME_PROT', 'enabled', 'nope', 'port']);
  });
});

describe('a setting', () => {
  it.each(settings)(
    '$path has a sentence and a row in the table',
    ({ path, environmentName, description }) => {
      expect(description).toMatch(/^[A-Z0-9a-z].+\.$/);
      expect(settingsTable()).toContain(`| \`${path}\` | \`${environmentName}\` |`);
    },
  );

  it('shows its default, or that it has none', () => {
    const row = (path: string) =>
      settingsTable()
        .split('\n')
        .find((line) => line.startsWith(`| \`${path}\``));
    expect(row('port')).toContain('| `3001` |');
    expect(row('civicpress.password')).toContain('| – |');
    expect(row('redis.enabled')).toContain('| `false` |');
  });
});

/** `{'a.b': 1}` → `{a: {b: 1}}`, which as JSON is YAML. */
function nested(values: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, Record<string, unknown>> = {};
  const flat: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(values)) {
    const [section, key] = path.split('.') as [string, string | undefined];
    if (key === undefined) flat[section] = value;
    else result[section] = { ...result[section], [key]: value };
  }
  return { ...flat, ...result };
}
