/**
 * The page of administrators in a real Chromium, against the program as it is started, with the keyboard alone.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { openOutbox } from '../../server/webhooks/outbox.ts';
import { launchChromium } from '../helpers/chromium.ts';
import { Clerk } from '../helpers/clerk.ts';
import { Program } from '../helpers/program.ts';
import { Receiver } from '../helpers/receiver.ts';
import { until } from '../helpers/until.ts';

const adminToken = 'a-token-of-the-tests-long-enough';
const room = 'record:noise-bylaw';

let browser: Browser;
let folder: string;
let program: Program;
let alice: Clerk;

beforeAll(async () => {
  browser = await launchChromium();
  folder = await mkdtemp(join(tmpdir(), 'admin-page-'));
  program = await Program.start(folder, [], { REALTIME_ADMIN_TOKEN: adminToken });
  const token = await program.signIn('alice');
  alice = await new Clerk({ serverUrl: program.url, documentName: room, token }).synced();
});
afterAll(async () => {
  alice.leave();
  await browser.close();
  await program.end('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Goes on with the Tab key until this has the focus, and presses it. */
async function press(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 30; presses += 1) {
    const label = await page.evaluate(() => {
      const { activeElement } = document;
      return activeElement?.getAttribute('aria-label') ?? activeElement?.textContent;
    });
    if (label === name) return page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key does not lead to "${name}"`);
}

it('[D6] shows rooms and people, and does what an operator asks, with the keyboard alone', async () => {
  const page = await (await browser.newContext()).newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    // Chromium says so itself of each answer that is no success: the wrong token, and the room that was closed.
    const isExpected = /status of 40[14]/.test(message.text());
    if (message.type() !== 'log' && !isExpected) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${program.url}/admin`);
  await page.locator('#token:focus').waitFor();
  await page.keyboard.type('a wrong token');
  await page.keyboard.press('Enter');
  await page.getByText('Sign in to CivicPress').waitFor();
  expect(await page.locator('#signed-in').isVisible()).toBe(false);
  await page.locator('#token:focus').waitFor();
  await page.keyboard.type(adminToken);
  await page.keyboard.press('Enter');

  const shown = page.getByRole('region', { name: room });
  await shown.getByText('alice (1)').waitFor();
  await page.getByText('journal is up').waitFor();
  await press(page, `Make a version: ${room}`);
  await page.getByText(`This is version 1 of ${room}.`).waitFor();

  await press(page, `Make it for reading: ${room}`);
  await shown.getByText('For reading', { exact: true }).waitFor();
  await alice.noticed('room-read-only');
  await press(page, `Give it back: ${room}`);
  await page.getByText(`${room} can be edited again.`).waitFor();
  await until('alice is back', () => alice.scope === 'read-write' && alice.provider.isSynced);

  alice.type('Noise', ' (typed)');
  await alice.saved();
  await press(page, `Details: ${room}`);
  await shown.getByText(/alice edits, from/).waitFor();
  await shown.getByRole('button', { name: /^Restore/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByText(`Restore version 1 of ${room}?`).waitFor();
  await press(page, 'Cancel');
  await page.locator('#confirm').waitFor({ state: 'hidden' });
  expect(alice.text).toContain('(typed)');
  await press(page, `Restore: version 1 of ${room}`);
  await press(page, 'Restore it');
  await page.getByText('Version 1 is restored. What was there before is version 2.').waitFor();
  await until('alice sees it', () => !alice.text.includes('(typed)'));

  const away = alice.closeCodes.length;
  await shown.getByRole('button', { name: /^Disconnect/ }).focus();
  await page.keyboard.press('Enter');
  await press(page, 'Disconnect');
  await page.getByText('alice was disconnected.').waitFor();
  await until('alice is told', () => alice.closeCodes.length > away);
  await press(page, `Close: ${room}`);
  await press(page, 'Close the room');
  await page.getByText(`${room} was closed.`).waitFor();

  expect(await page.evaluate(() => Object.keys(localStorage).length)).toBe(0);
  await press(page, 'Sign out');
  await page.getByText('You are signed out.').waitFor();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  expect(complaints).toEqual([]);
});

it('[D6] shows the events that webhooks did not take, and sends one again', async () => {
  const receiver = await Receiver.start();
  receiver.answer = () => 418;
  const ofHost = await mkdtemp(join(tmpdir(), 'admin-page-letters-'));
  const outbox = await openOutbox(join(ofHost, 'demo/webhooks.sqlite'));
  const longAgo = Date.now() - 2 * 24 * 3_600_000;
  const body = JSON.stringify({ id: 'of-long-ago', event: 'realtime:room:created', data: {} });
  const event = { eventId: 'of-long-ago', event: 'realtime:room:created', room, body, createdAt: longAgo };
  await outbox.call('add', [event], [receiver.url]);
  await outbox.close();
  const host = await Program.start(ofHost, [], {
    REALTIME_ADMIN_TOKEN: adminToken,
    REALTIME_WEBHOOKS_URLS: receiver.url,
    REALTIME_WEBHOOKS_SECRET: 'a secret of at least thirty-two characters',
    REALTIME_WEBHOOKS_PRIVATE_HOSTS: '127.0.0.1',
  });
  const context = await browser.newContext();
  onTestFinished(async () => {
    await context.close();
    await host.end('SIGKILL');
    await rm(ofHost, { recursive: true, force: true });
  });
  const page = await context.newPage();
  await page.goto(`${host.url}/admin`);
  await page.locator('#token:focus').waitFor();
  await page.keyboard.type(adminToken);
  await page.keyboard.press('Enter');
  const letters = page.locator('#letters');
  await letters.getByText(`realtime:room:created of ${room} to`).waitFor();
  await letters.getByText('answered with 418').waitFor();
  receiver.answer = () => 204;
  await press(page, `Send again: realtime:room:created of ${room}`);
  await page.getByText(`realtime:room:created of ${room} is sent again.`).waitFor();
  await page.getByText('There are none.').waitFor();
  await until('it arrives', () => receiver.taken.some((arrived) => arrived.body === body));
});
