/**
 * A folder of spec files that is watched for one test, and what is heard of it.
 */
import { mkdir, mkdtemp, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { SpecFeed } from '../../../extensions/spec-updates/feed.ts';
import { SpecWatcher, type SpecWatcherOptions } from '../../../extensions/spec-updates/watcher.ts';
import { RecordedLog } from '../../helpers/recorded-log.ts';
import { until } from '../../helpers/until.ts';
import { subscriber } from './states.ts';

export async function watchedFolder(
  files: Readonly<Record<string, string>> = {},
  options: Partial<SpecWatcherOptions> = {},
) {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'specs-')));
  const outside = await realpath(await mkdtemp(join(tmpdir(), 'outside-')));
  const root = join(folder, 'specs');
  const pathOf = (path: string) => join(root, path);
  const write = async (path: string, text: string) => {
    await mkdir(dirname(pathOf(path)), { recursive: true });
    await writeFile(pathOf(path), text);
  };
  /** As most editors do: beside it, then in its place. */
  const save = async (path: string, text: string) => {
    await write(`${path}.tmp`, text);
    await rename(pathOf(`${path}.tmp`), pathOf(path));
  };
  await mkdir(root);
  for (const [path, text] of Object.entries(files)) await write(path, text);
  const feed = new SpecFeed();
  const log = new RecordedLog();
  const watcher = new SpecWatcher({
    folder: root,
    feed,
    maxFileBytes: 65_536,
    debounceMs: 100,
    compareMs: 60_000,
    log,
    ...options,
  });
  await watcher.start();
  const listener = subscriber(feed, { maxPerSecond: 1_000 });
  onTestFinished(async () => {
    await watcher.stop();
    for (const path of [folder, outside]) await rm(path, { recursive: true, force: true });
  });
  return {
    root,
    outside,
    feed,
    log,
    watcher,
    listener,
    pathOf,
    write,
    save,
    hears: (what: string, withinMs?: number) =>
      until(
        `"${what}" is heard, and not only ${listener.heard.join(', ')}`,
        () => listener.heard.includes(what),
        withinMs,
      ),
    /** Everything that was heard when this much later change was. */
    async heardBefore(last: string): Promise<string[]> {
      await save(`${last}.md`, '# The last\n');
      await until('the last change is heard', () => listener.heard.includes(`spec.created ${last}`));
      return listener.heard.filter((each) => each !== `spec.created ${last}`);
    },
  };
}

/** The text of a spec file. */
export function specText(fields: Readonly<Record<string, string>>, text = 'Text.'): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return `---\n${lines.join('\n')}\n---\n\n${text}\n`;
}
