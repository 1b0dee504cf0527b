/**
 * The versions of the record, newest first: each can be named, compared with the text of now, and restored.
 */
import { rowElement } from './diff-rows.ts';
import { byId, element, setText } from './dom.ts';
import { patchRows } from './line-diff.ts';
import type { Version, VersionsClient } from './versions-client.ts';

export interface VersionsPanel {
  /** There may be others: reads the list again, while it is shown. */
  refresh(): void;
}

interface VersionRow {
  readonly item: HTMLLIElement;
  readonly name: HTMLInputElement;
  /** The text of now changes: compares anew, while the difference is shown. */
  keepCurrent(): Promise<void>;
}

const whenFormat = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const namesFormat = new Intl.ListFormat('en');

export function connectVersions(client: VersionsClient): VersionsPanel {
  const panel = byId('versions');
  const list = byId('versions-list');
  const rows = new Map<number, VersionRow>();
  const say = (text: string) => setText(byId('versions-status'), text);

  /** Does what a button is for, and says what came of it. */
  const act = async (work: () => Promise<string>) => {
    try {
      say(await work());
    } catch (error) {
      say((error as Error).message);
    }
  };

  const show = (versions: Version[]) => {
    setText(byId('versions-empty'), versions.length === 0 ? 'There is no version yet.' : '');
    const known = new Set(versions.map(({ revision }) => revision));
    for (const [revision, { item }] of rows) {
      if (known.has(revision)) continue;
      item.remove();
      rows.delete(revision);
    }
    // Rows that are there stay where they are: somebody may be on one with the keyboard.
    for (const [index, version] of versions.entries()) {
      const row = rows.get(version.revision) ?? makeRow(version);
      rows.set(version.revision, row);
      if (list.children[index] !== row.item) list.insertBefore(row.item, list.children[index] ?? null);
      if (document.activeElement !== row.name) row.name.value = version.name ?? '';
    }
  };

  const read = async () => {
    show(await client.list());
    await Promise.all([...rows.values()].map((row) => row.keepCurrent()));
  };
  const refresh = () => {
    if (!panel.hidden) void read().catch((error: Error) => say(error.message));
  };

  const makeRow = ({ revision, at, contributors }: Version): VersionRow => {
    const label = `version ${revision}`;
    const name = element('input', {
      type: 'text',
      class: 'version-name',
      placeholder: 'Add a name',
      'aria-label': `Name of ${label}`,
      maxlength: '100',
      autocomplete: 'off',
    });
    const diff = element('div', { class: 'diff', id: `version-${revision}-diff` });
    diff.hidden = true;
    const compare = button('Compare with now', label);
    compare.setAttribute('aria-expanded', 'false');
    compare.setAttribute('aria-controls', diff.id);
    const restore = button('Restore', label);

    name.addEventListener('change', () =>
      act(async () => {
        const wanted = name.value.trim();
        await client.rename(revision, wanted === '' ? null : wanted);
        return wanted === ''
          ? `Version ${revision} has no name now.`
          : `Version ${revision} is named “${wanted}”.`;
      }),
    );
    name.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') name.blur();
    });
    const showDiff = async () => {
      const patch = await client.compareWithNow(revision);
      const same = 'It says what the record says now.';
      diff.replaceChildren(...(patch === '' ? [same] : patchRows(patch).map(rowElement)));
    };
    compare.addEventListener('click', () =>
      act(async () => {
        if (diff.hidden) await showDiff();
        diff.hidden = !diff.hidden;
        compare.setAttribute('aria-expanded', String(!diff.hidden));
        return '';
      }),
    );
    restore.addEventListener('click', () =>
      act(async () => {
        const before = await client.restore(revision);
        await read();
        return `Version ${revision} is restored. What was there before is version ${before}.`;
      }),
    );

    const names = contributors.map((contributor) => contributor.name);
    const item = element(
      'li',
      { class: 'version' },
      element(
        'div',
        { class: 'version-facts' },
        element('span', { class: 'version-number' }, `Version ${revision}`),
        element('time', { datetime: new Date(at).toISOString() }, whenFormat.format(at)),
        names.length > 0 ? `by ${namesFormat.format(names)}` : '',
      ),
      name,
      element('div', { class: 'version-actions' }, compare, restore),
      diff,
    );
    return { item, name, keepCurrent: async () => (diff.hidden ? undefined : showDiff()) };
  };

  byId('version-make').addEventListener('click', () =>
    act(async () => {
      const revision = await client.make();
      await read();
      return revision === null
        ? 'The newest version holds all of this already.'
        : `This is version ${revision}.`;
    }),
  );
  panel.addEventListener('shown', refresh);
  refresh();
  return { refresh };
}

/** @param about what it acts on, for those who do not see where it stands */
function button(text: string, about: string): HTMLButtonElement {
  return element('button', { type: 'button', 'aria-label': `${text}: ${about}` }, text);
}
