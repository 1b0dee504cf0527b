/**
 * The versions beside the editor, with the keyboard alone, in a real Chromium against the program as it is started.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { launchChromium } from '../helpers/chromium.ts';
import { Program } from '../helpers/program.ts';

let browser: Browser;
let folder: string;
let program: Program;
/** Errors, warnings and CSP violations. */
let complaints: string[];

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

beforeEach(async () => {
  complaints = [];
  folder = await mkdtemp(join(tmpdir(), 'versions-panel-'));
  program = await Program.start(folder);
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await program.end('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function openAs(user: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  page.on('console', (message) => {
    if (message.type() !== 'log') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${program.url}/demo/records/noise-bylaw?user=${user}`);
  await page.locator('.ProseMirror').getByText('Bylaw 2025-14 Respecting Noise').first().waitFor();
  return page;
}

/** From the first tab to the last. */
async function showVersions(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Changes' }).focus();
  await page.keyboard.press('ArrowLeft');
  expect(await page.getByRole('tab', { name: 'Versions' }).getAttribute('aria-selected')).toBe('true');
}

/** Goes on with the Tab key until this has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab');
    const label = await page.evaluate(() => {
      const { activeElement } = document;
      return activeElement?.getAttribute('aria-label') ?? activeElement?.textContent;
    });
    if (label === name) return;
  }
  throw new Error(`the Tab key does not lead to "${name}"`);
}

it('[D4] [D3] makes, names, compares and restores versions with the keyboard, and others see it', async () => {
  const alice = await openAs('alice');
  const bob = await openAs('bob');
  await showVersions(alice);
  await alice.getByText('There is no version yet.').waitFor();
  await tabTo(alice, 'Make a version');
  await alice.keyboard.press('Enter');
  await alice.getByText('This is version 1.').waitFor();
  await tabTo(alice, 'Name of version 1');
  await alice.keyboard.type('As read to the council');
  await alice.keyboard.press('Enter');
  await alice.getByText('Version 1 is named “As read to the council”.').waitFor();

  await bob.locator('.ProseMirror').getByText('NOW THEREFORE').first().click();
  await bob.keyboard.press('End');
  await bob.keyboard.type(' Or not.');
  await alice.locator('.ProseMirror').getByText('Or not.').waitFor();
  await alice.getByLabel('Name of version 1').focus();
  await tabTo(alice, 'Compare with now: version 1');
  await alice.keyboard.press('Enter');
  await alice.locator('#versions .row.added', { hasText: 'Or not.' }).waitFor();

  await tabTo(alice, 'Restore: version 1');
  await alice.keyboard.press('Enter');
  await alice.getByText('Version 1 is restored. What was there before is version 2.').waitFor();
  await bob.getByText('alice restored version 1.').waitFor();
  for (const page of [alice, bob]) {
    await page.locator('.ProseMirror').getByText('Or not.').waitFor({ state: 'detached' });
  }
  await alice.getByText('It says what the record says now.').waitFor();

  await alice.getByRole('button', { name: 'Restore: version 2' }).press('Enter');
  await bob.locator('.ProseMirror').getByText('Or not.').waitFor();
  expect(await alice.getByLabel('Name of version 1').inputValue()).toBe('As read to the council');
  expect(complaints).toEqual([]);
});

it('[D4] tells a reader that versions are for those who may edit', async () => {
  const rita = await openAs('rita');
  await showVersions(rita);
  await rita.getByText('You may read this record, but not change it.').waitFor();
});
