/**
 * The program: configuration → ports → start → signals. With main.ts, the only file that knows `process`.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSqliteJournal } from '../extensions/journal/sqlite.ts';
import { allFeatures } from '../markdown/features.ts';
import { openAdminPage } from './admin-page.ts';
import { captureConsole } from './captured-console.ts';
import { connectCivicPress } from './civicpress/http.ts';
import { commandsHelp, runCommand } from './cli/commands.ts';
import { readSettings } from './cli/settings.ts';
import type { Terminal } from './cli/terminal.ts';
import { compose } from './compose.ts';
import { type Config, ConfigError } from './config.ts';
import { openDemoPages, startDemo } from './demo/demo.ts';
import { createLog } from './log.ts';
import { openRedis } from './redis/open.ts';
import { openSnapshots } from './storage.ts';
import { openSpans } from './tracing/open-telemetry.ts';
import { openWebhooks } from './webhooks/open.ts';

const usage = `Usage: civicpress-realtime [start] [options]     (or: npm start -- [options])

Starts CivicPress Realtime. Without a configured CivicPress it brings a demo one along.

  --config FILE     settings (default: .system-data/realtime.yml, if there)
  --port NUMBER     TCP port; 0 lets the system choose
  --host ADDRESS    address to listen on
  --data-dir FOLDER where documents are kept
  --demo-pages      the demo's editor also for a configured CivicPress that lets anybody sign in, in its development
  --help            this text

Other commands:
${commandsHelp()}

Every setting can also come from the environment; docs/settings.md lists them all.
`;

/**
 * Resolves when the server listens, or when another command is done; what keeps it from that is said in one line, and
 * ends the process with 1.
 */
export async function main(): Promise<void> {
  const [name = 'start', ...rest] = process.argv.slice(2);
  if (name !== 'start' && !name.startsWith('-')) {
    process.exitCode = await runCommand(name, rest, terminal);
    return;
  }
  await start(name === 'start' ? rest : [name, ...rest]).catch((error: NodeJS.ErrnoException) => {
    // What was foreseen says enough by itself; a stack helps with what was not.
    const isForeseen = error instanceof ConfigError || error.code !== undefined || error.cause !== undefined;
    process.stderr.write(`${isForeseen ? error.message : error.stack}\n`);
    process.exit(1);
  });
}

const terminal: Terminal = {
  environment: process.env,
  input: async () => Buffer.concat(await Array.fromAsync(process.stdin)),
  write: (content) => void process.stdout.write(content),
  complain: (text) => void process.stderr.write(text),
};

async function start(argv: readonly string[]): Promise<void> {
  const { values: args } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string' },
      'data-dir': { type: 'string' },
      'demo-pages': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (args.help) {
    process.stdout.write(usage);
    return;
  }
  const config = await readSettings(args.config, process.env, {
    ...(args.port === undefined ? {} : { REALTIME_PORT: args.port }),
    ...(args.host === undefined ? {} : { REALTIME_HOST: args.host }),
    ...(args['data-dir'] === undefined ? {} : { REALTIME_DATA_DIR: args['data-dir'] }),
  });
  if (!config.enabled) {
    process.stdout.write('CivicPress Realtime is off: the setting "enabled" is false.\n');
    return;
  }
  await run(config, args['demo-pages']);
}

async function run(config: Config, wantsDemoPages: boolean): Promise<void> {
  const log = createLog(config.log.level, process.stdout.isTTY === true);
  captureConsole(log);
  const service = serviceCredentialsOf(config);
  if (!service && config.redis.enabled) {
    throw new ConfigError(['redis.enabled: the demo CivicPress serves one node; set civicpress.url']);
  }
  if (wantsDemoPages && process.env.NODE_ENV === 'production') {
    throw new ConfigError(['--demo-pages: in production there is no demo']);
  }
  const demoFolder = join(config.data_dir, 'demo');
  const demo = service ? null : await startDemo({ folder: demoFolder, realtimePath: config.path });
  const civicpress = connectCivicPress({
    url: demo?.civicpressUrl ?? (config.civicpress.url as string),
    service: demo?.service ?? (service as NonNullable<typeof service>),
    timeoutMs: config.civicpress.timeout_ms,
    cacheMs: config.auth.cache_seconds * 1_000,
    forwardAddress: config.civicpress.forward_address,
  });
  const pages =
    demo?.pages ??
    (wantsDemoPages ? await openDemoPages(config.civicpress.url as string, config.path) : null);
  const dataDir = demo ? demoFolder : config.data_dir;
  const redis = demo ? null : await openRedis(config, log);
  const journal = redis?.journal ?? (await openSqliteJournal(join(dataDir, 'journal.sqlite')));
  const snapshots = await openSnapshots(config, dataDir, civicpress.service);
  const webhooks = await openWebhooks(config, join(dataDir, 'webhooks.sqlite'), log);
  const spans = await openSpans(config);
  const { identity, records } = civicpress;
  const server = compose(
    pages ? demoConfigOf(config, demo?.specsDir) : config,
    {
      identity,
      records,
      journal,
      ledger: journal,
      snapshots,
      ...redis?.ports,
      ...(webhooks && { events: webhooks, webhooks }),
      ...(spans && { spans }),
      log,
    },
    { ...(pages && { pages }), adminPage: await openAdminPage(log) },
  );
  server.metrics.watchProcess();
  const url = await server.start();
  // What collects the log reads nothing else.
  if (pages || process.stdout.isTTY) process.stdout.write(greeting(url, dataDir, pages !== null));
  else log.info({ url, dataDir }, `CivicPress Realtime listens on ${url}`);

  let isStopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info({ signal }, 'stopping');
    try {
      const unsaved = await server.stop();
      await webhooks?.stop();
      await spans?.close();
      await demo?.close();
      redis?.close();
      log.info({ unsaved: unsaved.length }, 'stopped');
      process.exit(0);
    } catch (error) {
      log.error({ cause: error instanceof Error ? error.stack : String(error) }, 'the stop failed');
      process.exit(1);
    }
  };
  // For who is on the machine and has no token: more, for a while; and again what it was.
  process.on('SIGUSR2', () => {
    const levels = server.logLevels;
    if (levels?.state.until === null) levels.set('debug', moreSeconds);
    else levels?.set(levels.state.configured, null);
  });
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  let unhandledRejections = 0;
  process.on('unhandledRejection', (reason) => {
    unhandledRejections += 1;
    const cause = reason instanceof Error ? reason.stack : String(reason);
    log.error({ cause, unhandledRejections }, 'unhandled rejection');
  });
}

/** How long a signal makes the log tell more. */
const moreSeconds = 600;

/** Anybody can sign in as anybody, so it stays on this machine; and its editor knows everything. */
function demoConfigOf(config: Config, specsDir: string | undefined): Config {
  const { host = '127.0.0.1', document, specs } = config;
  if (document.dialect !== 'tiptap') {
    throw new ConfigError([
      `document.dialect: the demo's editor is a Tiptap editor, not a ${document.dialect} one`,
    ]);
  }
  return {
    ...config,
    host,
    document: { ...document, features: document.features ?? [...allFeatures] },
    specs: specsDir === undefined ? specs : { ...specs, folder: specs.folder ?? specsDir },
  };
}

/** `null` means the demo. */
function serviceCredentialsOf({ civicpress }: Config): { username: string; password: string } | null {
  const { url, username, password } = civicpress;
  if (url === undefined) {
    if (process.env.NODE_ENV !== 'production') return null;
    throw new ConfigError([
      'civicpress.url is not set: in production there is no demo. ' +
        'Set civicpress.url, civicpress.username and civicpress.password ' +
        '(or REALTIME_CIVICPRESS_URL, REALTIME_CIVICPRESS_USERNAME, REALTIME_CIVICPRESS_PASSWORD).',
    ]);
  }
  const missing = Object.entries({ username, password }).filter(([, value]) => !value);
  if (username && password) return { username, password };
  throw new ConfigError(
    missing.map(([name]) => `civicpress.${name} is not set: the server signs in to write drafts`),
  );
}

function greeting(url: string, dataDir: string, hasPages: boolean): string {
  if (!hasPages) return `CivicPress Realtime listens on ${url}\nDocuments are kept in ${dataDir}\n`;
  return `
CivicPress Realtime, with the pages of its demo:

  Edit as Alice   ${url}/demo/records/noise-bylaw?user=alice
  Edit as Bob     ${url}/demo/records/noise-bylaw?user=bob
  All records     ${url}/demo
  Open rooms      ${url}/demo/rooms
  Specs           ${url}/demo/specs

  Data is kept in ${dataDir}. Ctrl-C stops the server.

`;
}
