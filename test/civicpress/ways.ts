/**
 * The ways in which a record is saved past the room: by an editor of drafts, by a program, by Git.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Office } from './office.ts';

export interface Way {
  readonly name: string;
  /** `half`: it was saved, and then not published. */
  save(office: Office, id: string, change: (seen: string) => string): Promise<'saved' | 'half' | 'refused'>;
}

/** Somebody needs a moment between reading and saving, and the room goes on meanwhile. */
const aMoment = () => delay(Math.random() * 600);

const run = promisify(execFile);

const published = async (office: Office, id: string) =>
  String((await office.must('GET', `/records/${id}`)).content);

/** The draft is changed and published, as in CivicPress' own pages. */
const publish: Way = {
  name: 'publish',
  async save(office, id, change) {
    const markdownBody = change(await read(() => office.textOf(id)));
    const put = await office.ask('PUT', `/records/${id}/draft`, {
      title: 'Trial',
      type: 'policy',
      markdownBody,
    });
    if (put.status !== 200) return 'refused';
    const { status } = await office.ask('POST', `/records/${id}/publish`, { status: 'published' });
    return status < 300 ? 'saved' : 'half';
  },
};

/** What is published is changed beneath the draft, by CivicPress' own route for that. */
const direct: Way = {
  name: 'direct',
  async save(office, id, change) {
    const content = change(await read(() => published(office, id)));
    const { status } = await office.ask('PUT', `/records/${id}`, { content });
    return status < 300 ? 'saved' : 'refused';
  },
};

/** The same, and every third time somebody publishes the draft over it. */
function directThenPublish(): Way {
  let round = 0;
  return {
    name: 'both',
    async save(office, id, change) {
      const done = await direct.save(office, id, change);
      round += 1;
      if (done === 'refused' || round % 3 > 0) return done;
      await aMoment();
      const { status } = await office.ask('POST', `/records/${id}/publish`, { status: 'published' });
      return status < 300 ? 'saved' : 'half';
    },
  };
}

/** The record's file is changed and committed. */
function git(dataDir: string): Way {
  return {
    name: 'git',
    async save(office, id, change) {
      const { path } = await office.must('GET', `/records/${id}`);
      const file = join(dataDir, String(path));
      await writeFile(file, change(await read(() => readFile(file, 'utf8'))));
      await run('git', ['-C', dataDir, 'add', '--', String(path)]);
      await run('git', ['-C', dataDir, 'commit', '-qm', 'Change a record', '--', String(path)]);
      return 'saved';
    },
  };
}

async function read(from: () => Promise<string>): Promise<string> {
  const seen = await from();
  await aMoment();
  return seen;
}

/** @param dataDir CivicPress' `data`, where it is on this machine */
export function waysOf(names: readonly string[], dataDir: string | undefined): Way[] {
  return names.map((name) => {
    if (name === 'publish') return publish;
    if (name === 'direct') return direct;
    if (name === 'both') return directThenPublish();
    if (name === 'git' && dataDir) return git(dataDir);
    throw new Error(`--by ${name}: there are publish, direct, both and, with --data, git`);
  });
}
