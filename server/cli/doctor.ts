/**
 * `doctor`: looks at everything that the server needs, and says in plain words what is wrong and what to do about it.
 *
 * It changes nothing: databases are opened for reading, and what is not there is not made.
 */
import { constants, existsSync } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { type Config, ConfigError } from '../config.ts';
import { asRealtimeError } from '../errors.ts';
import { decodeSnapshot } from '../snapshot-format.ts';
import { civicPressOf, dataFolderOf, isDemo, openStore, readSettings } from './settings.ts';
import { type Command, failure, success } from './terminal.ts';

interface Finding {
  readonly state: 'fine' | 'note' | 'wrong';
  readonly says: string;
  /** What to do about it. */
  readonly advice?: string;
}

const fine = (says: string): Finding => ({ state: 'fine', says });
const note = (says: string, advice: string): Finding => ({ state: 'note', says, advice });
const wrong = (says: string, advice: string): Finding => ({ state: 'wrong', says, advice });

const marks = { fine: 'ok   ', note: 'note ', wrong: 'WRONG' } as const;

export const doctor: Command = async (args, terminal) => {
  const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } } });
  let isWell = true;
  const tell = ({ state, says, advice }: Finding) => {
    isWell &&= state !== 'wrong';
    terminal.write(`${marks[state]}  ${says}\n${advice === undefined ? '' : `       ${advice}\n`}`);
  };
  const config = await readSettings(values.config, terminal.environment).catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    tell(wrong(error.message, 'docs/settings.md lists every setting.'));
    return null;
  });
  if (!config) return failure;
  tell(fine('The settings are right.'));
  for (const examine of [
    examineCivicPress,
    examineFolder,
    examineJournal,
    examineSnapshots,
    examinePort,
    examineAccess,
  ]) {
    for (const finding of await examine(config, terminal.environment)) tell(finding);
  }
  terminal.write(isWell ? '\nNothing is wrong.\n' : '\nSomething is wrong.\n');
  return isWell ? success : failure;
};

type Examination = (
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
) => Promise<Finding[]>;

const examineCivicPress: Examination = async (config, environment) => {
  const civicpress = civicPressOf(config);
  if (!civicpress) {
    return environment.NODE_ENV === 'production'
      ? [
          wrong(
            'civicpress.url is not set, and in production there is no demo.',
            'Set civicpress.url, username and password.',
          ),
        ]
      : [note('The server brings a demo CivicPress.', 'Set civicpress.url for your own.')];
  }
  const { url } = config.civicpress;
  try {
    await civicpress.service.renewIfEnded();
    return [fine(`CivicPress answers at ${url} and knows the user ${config.civicpress.username}.`)];
  } catch (error) {
    const { code, retryAfterMs } = asRealtimeError(error);
    if (code === 'service-refused') {
      return [
        wrong(
          `CivicPress does not let ${config.civicpress.username} sign in.`,
          'Look at civicpress.username and civicpress.password.',
        ),
      ];
    }
    if (code === 'civicpress-busy') {
      return [
        wrong(
          `CivicPress counts too many requests from here; in ${Math.ceil((retryAfterMs ?? 0) / 1_000)} s it answers again.`,
          'Set civicpress.forward_address, or raise its limit.',
        ),
      ];
    }
    return [wrong(`CivicPress does not answer at ${url}.`, 'Is it running, and is civicpress.url right?')];
  }
};

/** Below that a disk is as good as full. */
const leastFreeMegabytes = 100;
const fewFreeMegabytes = 1_000;

const examineFolder: Examination = async (config) => {
  const folder = resolve(dataFolderOf(config));
  const there = nearestThere(folder);
  try {
    await access(there, constants.W_OK | constants.X_OK);
  } catch {
    return [
      wrong(
        `${there} cannot be written.`,
        'Give the user of the server the right to write, or set data_dir.',
      ),
    ];
  }
  const { bavail, bsize } = await statfs(there);
  const freeMegabytes = Math.floor((bavail * bsize) / 1e6);
  const room = `${folder} has ${freeMegabytes} MB of free space`;
  if (freeMegabytes < leastFreeMegabytes) {
    return [wrong(`${room}.`, 'Free some: when the disk is full nothing can be acknowledged.')];
  }
  if (freeMegabytes < fewFreeMegabytes) return [note(`${room}.`, 'Watch it.')];
  return [fine(there === folder ? `${room}.` : `${room}; it will be made.`)];
};

const examineJournal: Examination = async (config) => {
  const file = join(dataFolderOf(config), 'journal.sqlite');
  if (!existsSync(file)) return [fine('There is no journal yet.')];
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 2_000 });
    const [verdict] = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {});
    if (verdict !== 'ok') {
      return [
        wrong(
          `The journal is damaged: ${verdict}.`,
          'Copy the data folder away before anything else, and look at the disk.',
        ),
      ];
    }
    const { entries } = database.prepare('SELECT COUNT(*) AS entries FROM entries').get() as {
      entries: number;
    };
    return [fine(`The journal is whole; it has ${entries} edits that the two newest snapshots may lack.`)];
  } catch (error) {
    return [
      wrong(
        `The journal cannot be read: ${(error as Error).message}.`,
        'Is it the folder of another version, or locked by another program?',
      ),
    ];
  } finally {
    database?.close();
  }
};

/** So many documents are looked at. */
const mostDocuments = 10_000;

const examineSnapshots: Examination = async (config) => {
  const { storage } = config.snapshots;
  const isLocal = storage === 'database' || storage === 'filesystem';
  if (isLocal && !existsSync(dataFolderOf(config))) return [fine('There are no snapshots yet.')];
  try {
    const store = await openStore(config);
    try {
      const names = (await store.documents()).slice(0, mostDocuments);
      const damaged: string[] = [];
      for (const documentName of names) {
        const [newest] = await store.list(documentName);
        const bytes = newest && (await store.read(documentName, newest.revision));
        if (bytes && !isWhole(bytes)) damaged.push(`${documentName} version ${newest.revision}`);
      }
      if (damaged.length > 0) {
        return [
          wrong(
            `Damaged: ${damaged.join(', ')}.`,
            'The version before and the journal serve. Look at the disk.',
          ),
        ];
      }
      return [fine(`Documents with snapshots: ${names.length}. The newest of each is whole.`)];
    } finally {
      await store.close();
    }
  } catch (error) {
    return [
      wrong(
        `The snapshots (${storage}) cannot be read: ${(error as Error).message}.`,
        'Look at the settings below snapshots.',
      ),
    ];
  }
};

const examinePort: Examination = async ({ port, host = '127.0.0.1' }) => {
  if (port === 0) return [fine('The system chooses the port.')];
  const problem = await new Promise<string | null>((tell) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => tell(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => tell(null)));
  });
  if (problem === null) return [fine(`Port ${port} is free.`)];
  if (problem === 'EADDRINUSE')
    return [note(`Port ${port} is in use.`, 'Fine if that is this server; else set port.')];
  return [
    wrong(
      `Port ${port} cannot be opened: ${problem}.`,
      'Set port to one above 1023, and host to an address of this machine.',
    ),
  ];
};

const examineAccess: Examination = async (config) => {
  if (isDemo(config)) return [];
  const findings: Finding[] = [];
  if (config.security.trusted_proxies.length === 0) {
    findings.push(
      note(
        'No proxy is trusted.',
        'Behind one, name it in security.trusted_proxies, or everybody has its address.',
      ),
    );
  }
  if (config.document.features === undefined) {
    findings.push(
      note(
        'document.features is not set: editors are taken for plain ones.',
        'Name what yours have, such as table,image.',
      ),
    );
  }
  return findings;
};

function isWhole(bytes: Uint8Array): boolean {
  try {
    decodeSnapshot(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The folder, or the nearest above it that is there. */
function nearestThere(folder: string): string {
  return existsSync(folder) ? folder : nearestThere(dirname(folder));
}
