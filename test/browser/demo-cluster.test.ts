/**
 * What `npm run demo:cluster` shows: two windows at two nodes, and one of the nodes dies under its window.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoCluster, startDemoCluster } from '../../scripts/cluster/demo-cluster.ts';
import { launchChromium } from '../helpers/chromium.ts';
import { until } from '../helpers/until.ts';

const said: string[] = [];
let browser: Browser;
let cluster: DemoCluster;

beforeAll(async () => {
  [browser, cluster] = await Promise.all([
    launchChromium(),
    startDemoCluster({ restartAfterMs: 500, say: (sentence) => void said.push(sentence) }),
  ]);
}, 180_000);
afterAll(async () => {
  await browser.close();
  await cluster.close();
});

async function openAs(user: string, url: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${url}/demo/records/noise-bylaw?user=${user}`);
  await page.locator('.ProseMirror').getByText('Bylaw 2025-14 Respecting Noise').first().waitFor();
  return page;
}

async function typeBehind(page: Page, words: string, text: string): Promise<void> {
  await page.locator('.ProseMirror').getByText(words).first().click();
  await page.keyboard.press('End');
  await page.keyboard.type(text);
}

const sees = (page: Page, text: string) => page.locator('.ProseMirror').getByText(text).first().waitFor();

const socketsAt = async (url: string) =>
  ((await (await fetch(`${url}/health`)).json()) as { sockets: number }).sockets;

it('[K5] [K9] two windows at two nodes show each other, and a killed node is no end for whoever came by the balancer', async () => {
  const alice = await openAs('alice', cluster.url);
  const [here, there] = (await socketsAt(cluster.nodes[0]?.url ?? '')) > 0 ? [0, 1] : [1, 0];
  const [node, other] = [cluster.nodes[here], cluster.nodes[there]];
  if (!node || !other) throw new Error('there are two nodes');
  const bob = await openAs('bob', other.url);
  expect(await socketsAt(other.url)).toBeGreaterThan(0);

  await typeBehind(alice, 'Bylaw 2025-14', ' (amended by Alice)');
  await typeBehind(bob, 'NOW THEREFORE', ' Bob agrees.');
  await sees(alice, 'Bob agrees.');
  await sees(bob, '(amended by Alice)');
  await bob.locator('.caret-name', { hasText: /^alice$/ }).waitFor({ state: 'attached' });
  await alice.locator('.caret-name', { hasText: /^bob$/ }).waitFor({ state: 'attached' });

  node.kill();
  await until('the node is dead', () => said.some((sentence) => sentence.includes('has ended')));
  await typeBehind(alice, 'Bylaw 2025-14', ' again');
  await sees(bob, '(amended by Alice) again');
  await until('it was started again', () => said.some((sentence) => sentence.includes('is back')));
}, 180_000);
