// The pages as a person uses them, in a real browser.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, PagesBrowser, READ_TOKEN } from './pages-browser.js';
import { largeTrace } from './shop-telemetry.js';

const LARGE_TRACE = 'b'.repeat(32);

let browser: PagesBrowser;

describe.skipIf(chromiumPath === undefined)('pages', () => {
  beforeAll(async () => {
    browser = await PagesBrowser.start();
    await browser.send([largeTrace(LARGE_TRACE, 10_000, Date.now() - 120_000)]);
  });

  afterAll(async () => {
    await browser?.close();
  });

  test('services are listed with what they did', async () => {
    const page = await browser.open('/');
    const row = page.getByRole('row', { name: /payment/ });
    await row.waitFor();
    expect(await row.innerText()).toMatch(/payment[\s\S]*\/s[\s\S]*%[\s\S]*ms/);
    expect(new URL(page.url()).pathname).toBe('/ui/services');
    await closed(page);
  });

  test('from a failed trace to the span that failed, and its logs', async () => {
    const page = await browser.open('/ui/traces?q=%7B%20status%20%3D%20error%20%7D');
    await page
      .getByRole('row', { name: /POST \/checkout/ })
      .first()
      .getByRole('link')
      .click();
    await page.getByRole('treegrid', { name: 'Spans' }).waitFor();
    await page.keyboard.press('n');
    const details = page.getByRole('complementary', { name: 'Span' });
    await details.getByText('error', { exact: true }).waitFor();
    await details.getByText(/failed: the bank declined/).waitFor();
    expect(page.url()).toContain('span=');
    await closed(page);
  });

  test('a trace of 10,000 spans has only the rows that are seen', async () => {
    const page = await browser.open(`/ui/trace/${LARGE_TRACE}`);
    const rows = page.getByRole('treegrid').getByRole('row');
    await rows.nth(10).waitFor();
    expect(await rows.count()).toBeLessThan(100);
    await page.getByRole('treegrid').focus();
    await page.keyboard.press('End');
    await page.getByRole('row', { name: /step 5460/ }).waitFor();
    expect(await rows.count()).toBeLessThan(100);
    await closed(page);
  });

  test('a token opens a session, which ends when one signs out', async () => {
    const page = await browser.open('/ui/traces', {}, browser.closedUrl);
    await page.getByLabel('Read token').fill('of-nothing-at-all');
    await page.keyboard.press('Enter');
    await page.getByText('This is not the read token of this server.').waitFor();
    await page.getByLabel('Read token').fill(READ_TOKEN);
    await page.keyboard.press('Enter');
    await page
      .getByRole('row', { name: /gateway/ })
      .first()
      .waitFor();
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' });
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Read token').waitFor();
    expect(await page.context().cookies()).toEqual([]);
    await closed(page);
  });

  test('no page had an error, or asked for what its policy refuses', () => {
    expect(browser.complaints).toEqual([]);
  });
});

async function closed(page: Page): Promise<void> {
  await page.context().close();
}
