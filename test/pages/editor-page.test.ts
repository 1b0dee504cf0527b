/** The editor page in a real Chromium, on a real server: what two clerks and a reader see and can do. */
import { OutgoingMessage } from '@hocuspocus/server';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeStateVector } from 'yjs';
import { errors } from '../../server/errors.ts';
import { launchChromium } from '../helpers/chromium.ts';
import { type DemoSite, startDemoSite } from './demo-site.ts';
import { sampleRecord, shortRecord } from './sample-record.ts';

let site: DemoSite;
let browser: Browser;
let context: BrowserContext;
/** Errors, warnings and CSP violations of every page of a test; each test ends with none. */
let complaints: string[];
/** Every address that a page asked for. */
let addresses: string[];

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(() => browser.close());

beforeEach(async () => {
  site = await startDemoSite({ 'noise-bylaw': sampleRecord, 'parking-bylaw': shortRecord });
  context = await browser.newContext();
  complaints = [];
  addresses = [];
});

afterEach(async () => {
  await context.close();
  await site.close();
  expect(complaints).toEqual([]);
});

describe('two clerks', () => {
  it('[D1] type in one record, converge, and see who the other is', async () => {
    const alice = await join('alice');
    const bob = await join('bob');

    await typeAtEnd(alice, ' Except on Sundays.');
    await shows(text(bob), 'Parking is free. Except on Sundays.');
    await typeAtEnd(bob, ' Until ten.');
    await shows(text(alice), 'Parking is free. Except on Sundays. Until ten.');

    await shows(text(bob), 'Parking is free. Except on Sundays. Until ten.');
    expect(await names(alice)).toEqual(['alice (you)', 'bob']);
    expect(await names(bob)).toEqual(['bob (you)', 'alice']);
    await shows(alice.locator('.caret-name'), 'bob');
    await shows(saved(alice), 'All changes saved');
  });

  it('take back their own edits only', async () => {
    const alice = await join('alice');
    const bob = await join('bob');
    await typeAtEnd(alice, ' Mine.');
    await shows(text(bob), 'Parking is free. Mine.');
    await typeAtEnd(bob, ' Yours.');
    await shows(text(alice), 'Parking is free. Mine. Yours.');

    await alice.getByRole('button', { name: 'Undo' }).click();
    await shows(text(alice), 'Parking is free. Yours.');
    await alice.getByRole('button', { name: 'Redo' }).click();
    await shows(text(alice), 'Parking is free. Mine. Yours.');
  });

  it('change nothing in the record by opening it', async () => {
    const page = await join('alice', 'noise-bylaw');
    const document = site.hocuspocus.documents.get('record:noise-bylaw')!;
    const before = { vector: encodeStateVector(document), xml: document.getXmlFragment('default').toJSON() };
    const other = await join('bob', 'noise-bylaw');
    await text(page).click();
    await text(other).click();
    await shows(other.locator('.caret-name'), 'alice');
    expect(document.getXmlFragment('default').toJSON()).toBe(before.xml);
    expect(encodeStateVector(document)).toEqual(before.vector);
  });
});

describe('a reader', () => {
  it('sees edits arrive and cannot type', async () => {
    const clerk = await join('alice');
    const reader = await join('rita');
    await shows(saved(reader), 'Read only');

    await text(reader).click();
    await reader.keyboard.type('Graffiti');
    await typeAtEnd(clerk, ' Mostly.');
    await shows(text(reader), 'Parking is free. Mostly.');

    expect(await text(reader).getAttribute('contenteditable')).toBe('false');
    expect(await text(reader).getAttribute('aria-readonly')).toBe('true');
    for (const tool of await reader.getByRole('toolbar').getByRole('button').all()) {
      expect(await tool.isDisabled()).toBe(true);
    }
  });
});

describe('the status line', () => {
  it('says that the server is busy, and recovers', async () => {
    const page = await join('alice');
    site.dropSockets(4503, 'CivicPress does not answer at the moment. Trying again.');
    await shows(connection(page), 'CivicPress does not answer at the moment, trying again');
    await shows(connection(page), 'Online');
    await typeAtEnd(page, ' Still.');
    await shows(saved(page), 'All changes saved');
  });

  it('keeps edits that were made offline, and says where they are', async () => {
    const alice = await join('alice');
    const bob = await join('bob');
    site.dropSockets(1001, '');
    await shows(connection(alice), 'Offline, trying again');
    await typeAtEnd(alice, ' Offline.');
    await shows(saved(alice), 'Changes kept here until the connection is back');
    await shows(text(bob), 'Parking is free. Offline.');
    await shows(saved(alice), 'All changes saved');
  });

  it('shows why a record was refused', async () => {
    const page = await open('/demo/records/no-such-record?user=alice');
    await shows(page.locator('#markdown-problem'), 'There is no such record, or you may not see it.');
    await shows(connection(page), 'Refused: There is no such record.');
    await shows(page.getByRole('alert').locator('p'), 'You cannot edit here. There is no such record.');
    await page.getByRole('button', { name: 'Try again' }).click();
    await shows(connection(page), 'Refused: There is no such record.');
    expect(await text(page).getAttribute('contenteditable')).toBe('false');
    complaints = complaints.filter((complaint) => !complaint.includes('404'));
  });

  it('waits for a CivicPress that does not answer while somebody signs in', async () => {
    let isDown = true;
    const unavailable = { error: { code: 'civicpress-unavailable', message: 'CivicPress does not answer.' } };
    await context.route('**/demo/api/session', (route) =>
      isDown ? route.fulfill({ status: 503, json: unavailable }) : route.continue(),
    );
    const page = await open('/demo/records/parking-bylaw?user=alice');
    await shows(connection(page), 'CivicPress does not answer, trying again');
    isDown = false;
    await shows(saved(page), 'All changes saved');

    isDown = true;
    site.dropSockets(1001, '');
    await shows(connection(page), 'CivicPress does not answer, trying again');
    isDown = false;
    await shows(connection(page), 'Online');
    expect(await page.getByRole('alert').count()).toBe(0);
    complaints = complaints.filter((complaint) => !complaint.includes('503'));
  });

  it('shows that somebody is no demo user', async () => {
    const page = await open('/demo/records/parking-bylaw?user=mallory');
    await shows(page.getByRole('alert'), 'There is no such demo user. There are: alice, bob, rita.');
    complaints = complaints.filter((complaint) => !complaint.includes('400'));
  });
});

describe('what the server tells the room', () => {
  it('is shown when a record could not be saved, and goes when it could', async () => {
    const page = await join('alice');
    site.tell('parking-bylaw', 'something-new', { anything: true });
    site.tell('parking-bylaw', 'could-not-save', { reason: 'CivicPress does not answer' });
    await shows(page.getByRole('alert'), /could not be saved: CivicPress does not answer\./);
    site.tell('parking-bylaw', 'saved-again', {});
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });

  it('[M11] says when a record is shown as source', async () => {
    const page = await join('alice');
    const { reason } = errors['not-converted'];
    site.tell('parking-bylaw', 'shown-as-source', { reason });
    await shows(page.getByRole('alert'), reason);
  });

  it('[A14] makes a reader of somebody who may not edit any longer, and says so', async () => {
    const page = await join('alice');
    const { reason } = errors['not-allowed'];
    makeReaders('parking-bylaw');
    site.tell('parking-bylaw', 'rights-changed', { access: 'read', reason });
    await shows(page.getByRole('alert').getByText(reason), /What you typed last may not have been taken/);
    await shows(saved(page), 'Read only');
    await text(page).click();
    await page.keyboard.type('Graffiti');
    expect(await text(page).getAttribute('contenteditable')).toBe('false');
    await shows(text(page), 'Parking is free.');

    await page.getByRole('button', { name: 'Reload' }).click();
    await shows(saved(page), 'All changes saved');
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('says why nobody may type for now, until they may again', async () => {
    const page = await join('alice');
    for (const event of ['room-read-only', 'too-much-unsaved'] as const) {
      makeReaders('parking-bylaw');
      const { reason } = errors[event];
      site.tell('parking-bylaw', event, { reason });
      await shows(page.getByRole('alert'), reason);
      await shows(saved(page), 'Read only');
      site.dropSockets(4503, errors['may-edit-now'].reason);
      await shows(saved(page), 'All changes saved');
      expect(await page.getByRole('alert').count()).toBe(0);
    }
  });

  it('[N5] says when the draft was published, and shows that nothing differs from it any more', async () => {
    const page = await join('alice');
    await site.saveDraft('parking-bylaw', 'Parking is cheap.\n');
    site.tell('parking-bylaw', 'saved', {});
    await shows(page.locator('.row.added'), /Parking is cheap/);
    await site.publish('parking-bylaw');
    site.tell('parking-bylaw', 'published', { at: Date.now() });
    await shows(page.getByRole('alert').locator('p'), /^The draft was published at .*\d\d.*new one\.$/);
    await shows(page.locator('#changes-summary'), 'No changes to the published text.');
    await page.getByRole('button', { name: 'Dismiss' }).click();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('says what happened to the record', async () => {
    const page = await join('alice');
    const happened = [
      ['changed-outside', { conflicts: [] }, /was changed elsewhere; the change is in the text now/],
      ['changed-outside', { conflicts: ['Both words.\n'] }, /Both stand in “Both words\.”/],
      ['restored', { revision: 7, by: 'bob' }, /^bob restored version 7\./],
      ['record-gone', { fate: 'archived' }, /^This record was archived\..*nothing can be changed here/],
    ] as const;
    for (const [event, data, sentence] of happened) {
      site.tell('parking-bylaw', event, data);
      await shows(page.getByRole('alert').last().locator('p'), sentence);
    }
  });

  it('[D2] brings the stored Markdown and its changes up to date', async () => {
    const page = await join('alice');
    await shows(page.locator('#changes-summary'), 'No changes to the published text.');
    await site.saveDraft('parking-bylaw', 'Parking is cheap.\n');
    site.tell('parking-bylaw', 'saved', {});
    await shows(page.locator('.row.removed'), /−.*Parking is free\./);
    await shows(page.locator('.row.added'), /\+.*Parking is cheap\./);

    await page.getByRole('tab', { name: 'Changes' }).press('ArrowRight');
    await shows(page.getByRole('tabpanel').locator('pre'), 'Parking is cheap.');
  });
});

describe('the toolbar', () => {
  it('is one stop for the keyboard, and arrows move in it', async () => {
    const page = await join('alice');
    const tool = (name: string) => page.getByRole('button', { name, exact: true });
    await tool('Bold').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
      'Strikethrough',
    );
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await page.locator('.record-text:focus').waitFor();
    await page.keyboard.type('Now ');
    await shows(text(page).locator('strong'), 'Now');
    expect(await tool('Bold').getAttribute('aria-pressed')).toBe('true');
    expect(await tool('Italic').getAttribute('aria-pressed')).toBe('false');
  });

  it.each([
    ['Heading 2', 'h2'],
    ['Bullet list', 'ul'],
    ['Numbered list', 'ol'],
    ['Task list', 'ul[data-type=taskList]'],
    ['Quote', 'blockquote'],
    ['Insert table', 'table'],
  ])('%s makes one', async (name, selector) => {
    const page = await join('alice');
    await text(page).click();
    await page.getByRole('button', { name }).click();
    await text(page).locator(selector).first().waitFor();
  });

  it('makes links, and refuses addresses that run code', async () => {
    const page = await join('alice');
    await text(page).selectText();
    await page.getByRole('button', { name: 'Link', exact: true }).click();
    const address = page.getByRole('textbox', { name: 'Address of the link' });
    await address.fill('javascript:alert(1)');
    await address.press('Enter');
    expect(await address.evaluate((input: HTMLInputElement) => input.validationMessage)).toMatch(
      /not allowed/,
    );
    await address.fill('https://city.example/parking');
    await address.press('Enter');
    await shows(text(page).locator('a[href="https://city.example/parking"]'), 'Parking is free.');
  });
});

describe('the page', () => {
  it('[D3] never runs or loads what a record contains', async () => {
    const page = await join('alice', 'noise-bylaw');
    await shows(text(page).locator('.html-inline').first(), '<kbd onclick="alert(1)">');
    expect(await text(page).locator('kbd, details, [onclick], script').count()).toBe(0);
    expect(await text(page).locator('[href^="javascript"], [src^="javascript"], [src^="http"]').count()).toBe(
      0,
    );
    expect(await text(page).locator('img[src]').getAttribute('src')).toMatch(/^data:image\/png/);

    await text(page).press('ControlOrMeta+a');
    await text(page).press('ControlOrMeta+c');
    await text(page).getByText('A script link').click();
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
    expect(addresses.filter((address) => !isOfSite(address))).toEqual([]);
  });

  it('keeps the token out of every address', async () => {
    const answer = context.waitForEvent('response', (response) =>
      response.url().endsWith('/demo/api/session'),
    );
    await join('alice');
    const { token } = await (await answer).json();
    expect(token).toMatch(/^[0-9a-f.]{100,}$/);
    expect(addresses.some((address) => address.startsWith('ws:'))).toBe(true);
    expect(addresses.filter((address) => address.includes(token))).toEqual([]);
  });

  it('names its parts', async () => {
    const page = await join('alice');
    await shows(page.getByRole('textbox', { name: 'Text of the record Parking Bylaw' }), 'Parking is free.');
    await page.getByRole('toolbar', { name: 'Formatting' }).waitFor();
    expect(await page.getByRole('status').getAttribute('aria-live')).toBe('polite');
    expect(await page.title()).toBe('Parking Bylaw · CivicPress Realtime');
  });
});

describe('the other pages', () => {
  it('lead into each record as each person', async () => {
    const page = await open('/demo');
    const link = page.getByRole('link', { name: 'Open Parking Bylaw as Bob' });
    expect(await link.getAttribute('href')).toBe('/demo/records/parking-bylaw?user=bob');
  });

  it('show who is in which room', async () => {
    await join('alice');
    await join('bob');
    const page = await open('/demo/rooms');
    await shows(page.getByRole('row').nth(1), /record:parking-bylaw\s*alice, bob\s*2\s*All saved/);
  });
});

async function open(path: string): Promise<Page> {
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => addresses.push(request.url()));
  page.on('websocket', (socket) => addresses.push(socket.url()));
  await page.exposeFunction('reportViolation', (violation: string) => complaints.push(violation));
  await page.addInitScript(`addEventListener('securitypolicyviolation', (violation) =>
    reportViolation(violation.violatedDirective + ' ' + violation.blockedURI))`);
  await page.goto(site.url + path);
  return page;
}

/** Opens a record and waits until it can be read. */
async function join(user: string, recordId = 'parking-bylaw'): Promise<Page> {
  const page = await open(`/demo/records/${recordId}?user=${user}`);
  await shows(connection(page), 'Online');
  await shows(saved(page), /All changes saved|Read only/);
  return page;
}

/** As the server does it, in place. */
function makeReaders(recordId: string): void {
  for (const connection of site.hocuspocus.documents.get(`record:${recordId}`)?.getConnections() ?? []) {
    connection.readOnly = true;
    const scope = new OutgoingMessage(connection.messageAddress).writeAuthenticated(true);
    connection.send(scope.toUint8Array());
  }
}

async function typeAtEnd(page: Page, typed: string): Promise<void> {
  await text(page).click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type(typed);
}

/** Waits until an element has this text, its carets of others left out. */
async function shows(locator: Locator, wanted: string | RegExp): Promise<void> {
  const textNow = () =>
    locator.evaluate((found: HTMLElement) => {
      const copy = found.cloneNode(true) as HTMLElement;
      for (const caret of copy.querySelectorAll('.caret')) caret.remove();
      return copy.textContent.replace(/[\u2060\s]+/g, ' ').trim();
    });
  await expect
    .poll(textNow, { timeout: 8_000 })
    .toEqual(typeof wanted === 'string' ? wanted : expect.stringMatching(wanted));
}

function text(page: Page): Locator {
  return page.locator('.record-text');
}

function connection(page: Page): Locator {
  return page.locator('#connection');
}

function saved(page: Page): Locator {
  return page.locator('#saved');
}

function names(page: Page): Promise<string[]> {
  return page.getByRole('list', { name: 'Who is here' }).getByRole('listitem').allInnerTexts();
}

function isOfSite(address: string): boolean {
  return address.startsWith('data:') || new URL(address).host === new URL(site.url).host;
}
