/**
 * The dashboard of specs in a real Chromium, against a whole server: live, by keyboard alone, and without WebSockets.
 */
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { SpecFeed } from '../../extensions/spec-updates/feed.ts';
import { buildPages } from '../../server/demo/build-pages.ts';
import { gone, state } from '../extensions/spec-updates/states.ts';
import { launchChromium } from '../helpers/chromium.ts';
import { Program } from '../helpers/program.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let browser: Browser;
let assetsDir: string;
beforeAll(async () => {
  assetsDir = await mkdtemp(join(tmpdir(), 'specs-page-'));
  [browser] = await Promise.all([launchChromium(), buildPages(assetsDir)]);
});
afterAll(async () => {
  await browser.close();
  await rm(assetsDir, { recursive: true, force: true });
});

let feed: SpecFeed;
let townHall: TownHall;
const complaints: string[] = [];
beforeEach(async () => {
  feed = new SpecFeed();
  feed.publish([
    state('E13', { title: 'Realtime', status: 'In Progress' }),
    state('E13-F01', { title: 'Spec updates', parent: 'E13', status: 'Draft', path: 'E13/E13-F01.md' }),
    state('E13-F02', { title: '<img src=x onerror=alert(1)>', parent: 'E13', status: 'Draft' }),
    state('E14', { title: 'Archive', priority: 'Critical' }),
  ]);
  townHall = await TownHall.open({ specs: feed, assetsDir });
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await townHall.close();
  expect(complaints.splice(0)).toEqual([]);
});

async function open({ withoutWebSockets = false } = {}): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1_200, height: 800 } })).newPage();
  page.on('pageerror', (error) => void complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('WebSocket')) complaints.push(message.text());
  });
  await page.addInitScript((isBlocked) => {
    const Real = window.WebSocket;
    Object.assign(window, { areWebSocketsBlocked: isBlocked });
    window.WebSocket = class extends Real {
      constructor(url: string | URL) {
        // As behind a proxy that answers every upgrade with an error.
        const { areWebSocketsBlocked } = window as unknown as { areWebSocketsBlocked: boolean };
        super(areWebSocketsBlocked ? new URL('/nothing', location.href.replace('http', 'ws')) : url);
      }
    };
  }, withoutWebSockets);
  await page.goto(`${townHall.url}/demo/specs`);
  await page.getByRole('treeitem', { name: 'E13-F01' }).waitFor();
  return page;
}

const transportOf = (page: Page) => page.locator('#transport').textContent();
const item = (page: Page, name: string) => page.getByRole('treeitem', { name });
const focused = (page: Page) => page.evaluate(() => (document.activeElement as HTMLElement).dataset.spec);

it('[D5] shows the tree of specs as they change, what happened, by what transport, and how fast', async () => {
  const page = await open();
  expect(await page.getByRole('treeitem').count()).toBe(4);
  expect(await transportOf(page)).toBe('WebSocket');
  expect(await page.locator('#specs-count').textContent()).toBe('4');
  await page.getByText('<img src=x onerror=alert(1)>').waitFor();

  feed.publish([state('E13-F01', { title: 'Spec updates', parent: 'E13', status: 'Done' })]);
  await item(page, 'E13-F01').getByText('Done').waitFor();
  await page.locator('#feed').getByText('status: Done').waitFor();
  expect(await page.locator('#latency').textContent()).toMatch(/^\d+ ms$/);

  feed.publish([gone('E14'), state('E15', { title: 'Search' })]);
  await item(page, 'E15').waitFor();
  expect(await item(page, 'E14').count()).toBe(0);
  await page.locator('#feed').getByText('deleted').waitFor();

  await page.getByLabel('Only').fill('E13');
  await page.getByRole('button', { name: 'Watch' }).click();
  await until('only those are shown', async () => (await page.getByRole('treeitem').count()) === 3);
});

it('[D5] is walked by keyboard alone', async () => {
  const page = await open();
  await page.locator('body').click();
  for (let presses = 0; (await focused(page)) === undefined && presses < 20; presses += 1) {
    await page.keyboard.press('Tab');
  }
  expect(await focused(page)).toBe('E13');
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
    return focused(page);
  };
  expect(await press('ArrowDown')).toBe('E13-F01');
  expect(await page.locator('#spec-facts').textContent()).toContain('E13/E13-F01.md');
  expect(await press('End')).toBe('E14');
  expect(await press('Home', 'ArrowLeft')).toBe('E13');
  expect(await item(page, 'E13,').getAttribute('aria-expanded')).toBe('false');
  expect(await press('ArrowDown')).toBe('E14');
  expect(await press('ArrowUp', 'ArrowRight', 'ArrowRight')).toBe('E13-F01');
  expect(await press('ArrowLeft')).toBe('E13');
  expect(await press('ArrowDown', 'ArrowDown')).toBe('E13-F02');

  feed.publish([state('E12'), state('E13-F02', { title: 'Renamed', parent: 'E13' })]);
  await item(page, 'E12').waitFor();
  expect(await focused(page)).toBe('E13-F02');
});

it('[D5] [U31] stays live by server-sent events while WebSockets are blocked, and goes back', async () => {
  const page = await open({ withoutWebSockets: true });
  expect(await transportOf(page)).toBe('Server-sent events');
  await page.getByText('no WebSocket gets through').waitFor();
  feed.publish([state('E13', { title: 'Realtime', status: 'Done' })]);
  await item(page, 'E13,').getByText('Done').first().waitFor();

  await page.evaluate(() => Object.assign(window, { areWebSocketsBlocked: false }));
  await until('the WebSocket is back', async () => (await transportOf(page)) === 'WebSocket');
  feed.publish([state('E14', { title: 'Archive', status: 'Draft' })]);
  await item(page, 'E14').getByText('Draft').waitFor();
  expect(await page.locator('#feed li').count()).toBe(2);
});

it('[D5] [U6] shows a spec file of the demo change on the disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'specs-demo-'));
  const program = await Program.start(folder);
  onTestFinished(async () => {
    await program.end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${program.url}/demo`);
  await page.getByRole('link', { name: 'Specs' }).click();
  await item(page, 'E13-F01').waitFor();

  const file = join(folder, 'demo/specs/E13-realtime/E13-F01.md');
  const text = await readFile(file, 'utf8');
  await writeFile(`${file}.new`, text.replace(/(status\S*:\S*) .*/i, '$1 Reconsidered'));
  await rename(`${file}.new`, file);
  await item(page, 'E13-F01').getByText('Reconsidered').waitFor();
});
