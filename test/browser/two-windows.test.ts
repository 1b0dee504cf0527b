/**
 * What a visitor does first: two windows on one bylaw, in a real Chromium, against the program as it is started.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { launchChromium } from '../helpers/chromium.ts';
import { Program } from '../helpers/program.ts';
import { until } from '../helpers/until.ts';

let browser: Browser;
let folder: string;
let program: Program;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'two-windows-'));
  program = await Program.start(folder);
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await program.end('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function openAs(user: string): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${program.url}/demo/records/noise-bylaw?user=${user}`);
  await page.locator('.ProseMirror').getByText('Bylaw 2025-14 Respecting Noise').first().waitFor();
  return page;
}

/** The document's text, without the names at the others' carets. */
const textOf = (page: Page) =>
  page.locator('.ProseMirror').evaluate((editor) => {
    const copy = editor.cloneNode(true) as HTMLElement;
    for (const caret of copy.querySelectorAll('.caret')) caret.remove();
    return copy.textContent ?? '';
  });

async function typeBehind(page: Page, words: string, text: string): Promise<void> {
  await page.locator('.ProseMirror').getByText(words).first().click();
  await page.keyboard.press('End');
  await page.keyboard.type(text, { delay: 5 });
}

const sees = (page: Page, text: string) =>
  until(`the page shows "${text}"`, async () => (await textOf(page)).includes(text));

async function draft(): Promise<string> {
  const response = await fetch(`${program.url}/demo/api/records/noise-bylaw`);
  return String(((await response.json()) as { draft: string | null }).draft);
}

it('[D1] [D2] two windows show the same text, the draft holds it, and a killed server brings it back', async () => {
  const alice = await openAs('alice');
  const bob = await openAs('bob');
  await typeBehind(alice, 'Bylaw 2025-14', ' (amended by Alice)');
  await typeBehind(bob, 'NOW THEREFORE', ' Bob agrees.');
  for (const page of [alice, bob]) {
    await sees(page, 'amended by Alice');
    await sees(page, 'Bob agrees.');
  }
  expect(await textOf(alice)).toBe(await textOf(bob));
  await bob.getByText('alice', { exact: true }).first().waitFor();

  await until('both are in the draft', async () => {
    const text = await draft();
    return text.includes('(amended by Alice)') && text.includes('Bob agrees.');
  });
  await alice.getByText('2 lines added, 2 removed').waitFor();
  for (const page of [alice, bob]) await page.getByText(/^Last edited by (alice|bob)/i).waitFor();

  await program.end('SIGKILL');
  program = await Program.start(folder);
  const later = await openAs('alice');
  const text = await textOf(later);
  expect(text.split('(amended by Alice)')).toHaveLength(2);
  expect(text.split('Bob agrees.')).toHaveLength(2);
});

it('[D1] [Q1] the others see a caret with the name that CivicPress knows, also when the page says another', async () => {
  const bob = await openAs('bob');
  const context = await browser.newContext();
  await context.route('**/demo/api/session', async (route) => {
    const response = await route.fetch();
    const session = (await response.json()) as { user: object };
    const user = { ...session.user, accountId: 'forged', name: 'The Mayor' };
    await route.fulfill({ response, json: { ...session, user } });
  });
  const liar = await context.newPage();
  await liar.goto(`${program.url}/demo/records/noise-bylaw?user=alice`);
  await typeBehind(liar, 'Bylaw 2025-14', ' GENUINE');
  await typeBehind(bob, 'NOW THEREFORE', ' Bob agrees.');
  await bob.locator('.caret-name', { hasText: /^alice$/ }).waitFor({ state: 'attached' });
  await liar.locator('.caret-name', { hasText: /^bob$/ }).waitFor({ state: 'attached' });
  expect(await bob.content()).not.toContain('The Mayor');
  await context.close();
  await until('her caret is gone', async () => (await bob.locator('.caret-name').count()) === 0);
});

it('[D1] [A2] a reader follows along and cannot type', async () => {
  const alice = await openAs('alice');
  const rita = await openAs('rita');
  await rita.getByText('Read only').first().waitFor();
  await typeBehind(rita, 'NOW THEREFORE', ' FORGED');
  await typeBehind(alice, 'Bylaw 2025-14', ' genuine');
  await sees(rita, 'genuine');
  expect(await textOf(rita)).not.toContain('FORGED');
  await until('the edit is in the draft', async () => (await draft()).includes('genuine'));
  expect(await draft()).not.toContain('FORGED');
});
