import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  mkdir,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../../helpers/until.ts';
import { specText, watchedFolder } from './watched-folder.ts';

const e13 = { id: 'E13', status: 'Draft' };

describe('a change in the folder', () => {
  it('[U6] is told: created, changed, deleted, and what was there before the start is known', async () => {
    const { feed, save, pathOf, hears, listener } = await watchedFolder({
      'E12.md': specText({ id: 'E12' }),
    });
    expect([...feed.current().specs.keys()]).toEqual(['E12']);
    await save('new/folder/E13.md', specText(e13));
    await hears('spec.created E13');
    await save('new/folder/E13.md', specText({ ...e13, status: 'Done' }));
    await hears('spec.updated E13');
    expect(listener.events.at(-1)?.data).toMatchObject({
      changes: ['status'],
      metadata: { path: 'new/folder/E13.md' },
    });
    await save('new/folder/E13.md', specText({ ...e13, status: 'Done' }, 'Another text.'));
    await until('the text is told', () => listener.heard.length === 3);
    expect(listener.events.at(-1)?.data).toMatchObject({ changes: ['content'] });
    await unlink(pathOf('new/folder/E13.md'));
    await hears('spec.deleted E13');
    expect(listener.heard).toHaveLength(4);
  });

  it.each<[string, (path: string) => Promise<void>]>([
    ['in place', (path) => writeFile(path, specText({ ...e13, status: 'Done' }))],
    [
      'through a file beside it',
      async (path) => {
        await writeFile(`${path}.tmp`, specText({ ...e13, status: 'Done' }));
        await rename(`${path}.tmp`, path);
      },
    ],
    [
      'with a backup that goes again, as vim does',
      async (path) => {
        await writeFile(`${path}-4913`, '');
        await unlink(`${path}-4913`);
        await rename(path, `${path}~`);
        await writeFile(path, specText({ ...e13, status: 'Done' }));
        await unlink(`${path}~`);
      },
    ],
    [
      'truncated first, and then piece by piece',
      async (path) => {
        await truncate(path);
        for (const piece of ['---\nid: E13\n', 'status: Do', 'ne\n---\n\nText.\n'])
          await appendFile(path, piece);
      },
    ],
    [
      'with a lock and a swap file, as Emacs does',
      async (path) => {
        await symlink('user@host:1', path.replace('E13', '.#E13'));
        await writeFile(path.replace('E13.md', '#E13.md#'), 'half');
        await writeFile(path, specText({ ...e13, status: 'Done' }));
        await unlink(path.replace('E13.md', '#E13.md#'));
        await unlink(path.replace('E13', '.#E13'));
      },
    ],
  ])('[U6] is told once when an editor saves %s', async (_how, saves) => {
    const { pathOf, listener, hears, heardBefore } = await watchedFolder({ 'E13.md': specText(e13) });
    await saves(pathOf('E13.md'));
    await hears('spec.updated E13');
    expect(await heardBefore('E99')).toEqual(['spec.updated E13']);
    expect(listener.events[0]?.data).toMatchObject({ changes: ['status'] });
  });

  it('[U6] is not told when there is none: a touch, the same text again', async () => {
    const { pathOf, save, heardBefore } = await watchedFolder({ 'E13.md': specText(e13) });
    await utimes(pathOf('E13.md'), new Date(), new Date());
    await save('E13.md', specText(e13));
    expect(await heardBefore('E99')).toEqual([]);
  });

  it('[U6] is told when a file is renamed: as another path, or as another spec', async () => {
    const { pathOf, listener, hears } = await watchedFolder({
      'a.md': specText(e13),
      'E14.md': '# Fourteen\n',
    });
    await rename(pathOf('a.md'), pathOf('b.md'));
    await hears('spec.updated E13');
    expect(listener.events[0]?.data).toMatchObject({ changes: ['path'], metadata: { path: 'b.md' } });
    await rename(pathOf('E14.md'), pathOf('E15.md'));
    await hears('spec.created E15');
    await hears('spec.deleted E14');
    expect(listener.heard).toHaveLength(3);
  });

  it('[U6] is one batch when several files are saved at once, also a whole folder', async () => {
    const { root, outside, listener, hears, pathOf } = await watchedFolder();
    await mkdir(join(outside, 'many'));
    for (let index = 0; index < 20; index += 1) {
      await writeFile(join(outside, 'many', `E${index}.md`), specText({ id: `E${index}` }));
    }
    await rename(join(outside, 'many'), join(root, 'many'));
    await hears('spec.created E19');
    expect(listener.events.map(({ event }) => event)).toEqual(['specs.batch']);
    await rename(pathOf('many'), join(outside, 'many'));
    await hears('spec.deleted E19');
    expect(listener.heard).toHaveLength(40);
  });

  it('[U6] is told in folders within new folders, however fast they come', async () => {
    const { save, hears } = await watchedFolder();
    for (let round = 0; round < 10; round += 1) {
      const path = `${round}/deep/and/deeper/E${round}.md`;
      await save(path, specText({ id: `E${round}` }));
      await hears(`spec.created E${round}`, 10_000);
      await save(path, specText({ id: `E${round}`, status: 'Done' }));
      await hears(`spec.updated E${round}`, 10_000);
    }
  });

  it('[U6] is told of a file that is never quiet, after a second', async () => {
    let hint: (paths: string[]) => void = () => undefined;
    const { pathOf, save, hears, listener } = await watchedFolder(
      { 'E13.md': specText(e13) },
      {
        listen: async (_folder, { onHint }) => {
          hint = onHint;
          return () => undefined;
        },
      },
    );
    await save('E13.md', specText({ ...e13, status: 'Done' }));
    const began = performance.now();
    const writing = setInterval(() => hint([pathOf('E13.md')]), 20);
    await hears('spec.updated E13').finally(() => clearInterval(writing));
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(listener.heard).toHaveLength(1);
  });

  it('[U6] is not taken for a deletion of everything while a file is empty', async () => {
    const { pathOf, hears, listener } = await watchedFolder({ 'E13.md': specText(e13) });
    await truncate(pathOf('E13.md'));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(listener.heard).toEqual([]);
    await hears('spec.updated E13');
    expect(listener.events[0]?.data).toMatchObject({ metadata: { status: null } });
  });
});

describe('two files with one id', () => {
  it('[U5] are one spec, that of the first path, with a warning; the other takes its place', async () => {
    const { feed, save, pathOf, hears, listener } = await watchedFolder({
      'b.md': specText({ ...e13, title: 'B' }),
    });
    await save('a.md', specText({ ...e13, title: 'A' }));
    await hears('spec.updated E13');
    const warnings = ['b.md has the same id.'];
    expect(feed.current().specs.get('E13')).toMatchObject({ title: 'A', path: 'a.md', warnings });
    await unlink(pathOf('a.md'));
    await until('the other is told', () => listener.heard.length === 2);
    expect(feed.current().specs.get('E13')).toMatchObject({ title: 'B', path: 'b.md', warnings: [] });
  });
});

describe('when the operating system says nothing', () => {
  const silent = { listen: async () => () => undefined, compareMs: 100 };

  it('[U7] changes are found by comparing', async () => {
    const { save, pathOf, hears, listener } = await watchedFolder({ 'E13.md': specText(e13) }, silent);
    await save('E14.md', specText({ id: 'E14' }));
    await hears('spec.created E14');
    await writeFile(pathOf('E13.md'), specText({ ...e13, status: 'Open!' }));
    await hears('spec.updated E13');
    await unlink(pathOf('E14.md'));
    await hears('spec.deleted E14');
    expect(listener.heard).toHaveLength(3);
  });

  it('[U7] a file of the same size and time is compared all the same', async () => {
    const { pathOf, hears } = await watchedFolder({ 'E13.md': specText(e13) }, silent);
    const before = new Date(Date.now() - 60_000);
    await utimes(pathOf('E13.md'), before, before);
    await writeFile(pathOf('E13.md'), specText({ ...e13, status: 'Ready' }));
    await utimes(pathOf('E13.md'), before, before);
    await hears('spec.updated E13');
  });

  it('[U7] it compares when watching is impossible, and says so', async () => {
    const listen = () => Promise.reject(new Error('no such module'));
    const { save, hears, log } = await watchedFolder({}, { listen, compareMs: 100 });
    await save('E14.md', specText({ id: 'E14' }));
    await hears('spec.created E14');
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: { cause: 'no such module' } }),
    );
  });

  it('[U7] everything is compared at once when it says that events were lost', async () => {
    let lose: (error: Error) => void = () => undefined;
    const { save, hears } = await watchedFolder(
      {},
      {
        listen: async (_folder, { onLost }) => {
          lose = onLost;
          return () => undefined;
        },
      },
    );
    await save('E14.md', specText({ id: 'E14' }));
    lose(new Error('overflow'));
    await hears('spec.created E14');
  });
});

describe('very much at once', () => {
  it('[U7] is told, the last state of each file, while the event loop is busy', async () => {
    const ids = Array.from({ length: 3_000 }, (_, index) => `E${index}`);
    const files = ids.map((id) => [`${id}.md`, specText({ id })] as const);
    const { root, feed } = await watchedFolder(Object.fromEntries(files));
    const change = `for (let i = 0; i < ${ids.length}; i += 1) {
      const text = '---\\nid: E' + i + '\\nstatus: Done\\n---\\n';
      fs.writeFileSync('E' + i + '.tmp', text);
      fs.renameSync('E' + i + '.tmp', 'E' + i + '.md');
    }`;
    const done = () =>
      feed
        .current()
        .specs.values()
        .filter(({ status }) => status === 'Done')
        .toArray().length;
    const changing = execFile(process.execPath, ['-e', change], { cwd: root });
    const busy = setInterval(() => {
      const began = performance.now();
      while (performance.now() - began < 45);
    }, 50);
    try {
      await once(changing, 'exit');
      await until('all are told', () => done() === ids.length, 30_000);
    } finally {
      clearInterval(busy);
    }
  });
});

describe('a folder that goes', () => {
  it('[U7] takes its specs along, and is followed again when it comes back', async () => {
    const { root, save, hears, listener, outside } = await watchedFolder({ 'E13.md': specText(e13) });
    await rename(root, join(outside, 'away'));
    await hears('spec.deleted E13');
    await rename(join(outside, 'away'), root);
    await hears('spec.created E13');
    await save('E14.md', specText({ id: 'E14' }));
    await hears('spec.created E14');
    await rm(root, { recursive: true });
    await until(
      'both are gone',
      () => listener.heard.filter((each) => each.startsWith('spec.deleted')).length === 3,
    );
    await mkdir(root);
    await save('E15.md', specText({ id: 'E15' }));
    await hears('spec.created E15');
    await save('E15.md', specText({ id: 'E15', status: 'Open' }));
    await hears('spec.updated E15', 3_000);
  });
});

describe('what is outside', () => {
  it('[U8] is never told: symbolic links, to files and to folders, and what takes their place', async () => {
    const { root, outside, pathOf, feed, heardBefore } = await watchedFolder({
      'in/E1.md': specText({ id: 'E1' }),
    });
    await writeFile(join(outside, 'secret.md'), specText({ id: 'SECRET', title: 'root:x:0:0' }));
    await symlink(join(outside, 'secret.md'), join(root, 'link.md'));
    await symlink(outside, join(root, 'folder'));
    await symlink(pathOf('in'), join(root, 'inner'));
    await rename(pathOf('in'), pathOf('was'));
    await symlink(outside, pathOf('in'));
    await writeFile(join(outside, 'E1.md'), specText({ id: 'SECRET' }));
    expect((await heardBefore('E99')).join()).not.toContain('SECRET');
    expect([...feed.current().specs.keys()].sort()).toEqual(['E1', 'E99']);
    expect(feed.current().specs.get('E1')?.path).toBe('was/E1.md');
  });

  it('[U8] nor are hidden, temporary and too large files, pipes, and a spec that has become too large', async () => {
    const { pathOf, write, hears, heardBefore } = await watchedFolder({ 'E2.md': specText({ id: 'E2' }) });
    const text = specText({ id: 'HIDDEN' });
    for (const path of [
      '.git/E1.md',
      '.E1.md',
      'E1.md~',
      '#E1.md#',
      '~E1.md',
      'E1.txt',
      'node_modules/E1.md',
    ]) {
      await write(path, text);
    }
    await write('large.md', specText({ id: 'HIDDEN' }, 'x'.repeat(65_536)));
    execFileSync('mkfifo', [pathOf('pipe.md')]);
    await write('E2.md', specText({ id: 'E2' }, 'x'.repeat(65_536)));
    await hears('spec.deleted E2');
    expect(await heardBefore('E99')).toEqual(['spec.deleted E2']);
  });
});
