// The pages as a person uses them, in a real browser.

import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, PagesBrowser, READ_TOKEN } from './pages-browser.js';
import { largeTrace, oneLog, oneSpan } from './shop-telemetry.js';

const LARGE_TRACE = 'b'.repeat(32);

let browser: PagesBrowser;

/** Each page, and what it has when it has answered. */
const pages: Readonly<Record<string, { readonly path: string; readonly shown: (page: Page) => Locator }>> = {
  services: { path: '/ui/services', shown: (page) => page.getByRole('row', { name: /payment/ }) },
  service: { path: '/ui/service/payment', shown: (page) => page.getByRole('row', { name: /charge/ }) },
  traces: { path: '/ui/traces', shown: (page) => page.getByRole('row', { name: /gateway/ }).first() },
  trace: { path: `/ui/trace/${LARGE_TRACE}?span=0000000000000006`, shown: (page) => page.getByText('Own work') },
  logs: { path: '/ui/logs', shown: (page) => page.getByRole('option', { name: /order=/ }).first() },
  'all metrics': {
    path: '/ui/metrics',
    shown: (page) => page.getByRole('row', { name: /http_server_requests_total/ }),
  },
  metrics: {
    path: '/ui/metrics?q=process_memory_usage_bytes',
    shown: (page) => page.getByRole('row', { name: /payment/ }),
  },
  map: { path: '/ui/map?service=payment', shown: (page) => page.getByText(/calls failed by themselves/).first() },
  sql: { path: '/ui/sql?q=FROM%20otlp_services()', shown: (page) => page.getByRole('row', { name: /payment/ }) },
  ingest: { path: '/ui/ingest', shown: (page) => page.getByRole('region', { name: /^otlp:127/ }) },
};

describe.skipIf(chromiumPath === undefined)('pages', () => {
  beforeAll(async () => {
    browser = await PagesBrowser.start();
    await browser.send([largeTrace(LARGE_TRACE, 10_000, Date.now() - 120_000)]);
  });

  afterAll(async () => {
    await browser?.close();
  });

  test.for(Object.entries(pages))(
    '%s: content, room and access at both sizes and in both themes',
    async ([name, { path, shown }]) => {
      const page = await browser.open(path);
      await shown(page).waitFor();
      for (const width of [1280, 390] as const) {
        for (const theme of ['light', 'dark'] as const) {
          await browser.look(page, { width, theme });
          await browser.photograph(page, `${name}-${width}-${theme}`);
          expect(await page.evaluate('document.documentElement.scrollWidth'), `width of ${name}`).toBeLessThanOrEqual(
            width,
          );
        }
      }
      expect(await browser.barriers(page)).toEqual([]);
      await browser.look(page, { width: 1280, theme: 'light' });
      expect(await browser.barriers(page)).toEqual([]);
      await closed(page);
    },
  );

  test('keys go everywhere, and write queries', async () => {
    const page = await browser.open('/ui/services');
    await page.getByRole('row', { name: /payment/ }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await page.getByRole('heading', { name: 'Traces' }).waitFor();
    await page
      .getByRole('row', { name: /gateway/ })
      .first()
      .waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Go to Logs').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('{ resource.service.name = "pay');
    await page.getByRole('option', { name: 'payment' }).click();
    await page.keyboard.type(' && status = error');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Enter');
    await page.waitForURL((url) => url.searchParams.has('q'));
    expect(new URL(page.url()).searchParams.get('q')).toBe('{ resource.service.name = "payment" && status = error}');
    await page
      .getByRole('row', { name: /POST \/checkout/ })
      .first()
      .waitFor();
    await closed(page);
  });

  test('from an error on the map to the log line behind it', async () => {
    const page = await browser.open('/ui/map');
    await page.getByRole('button', { name: /^payment.*errors/ }).click();
    await page.getByRole('region', { name: 'payment' }).getByRole('link', { name: 'Failed traces' }).click();
    await page
      .getByRole('row', { name: /POST \/checkout/ })
      .first()
      .getByRole('link')
      .click();
    await page.getByRole('row', { name: /charge/ }).click();
    const details = page.getByRole('complementary', { name: 'Span' });
    await details.getByText(/charge failed: the bank declined/).waitFor();
    await details.getByRole('link', { name: 'Open in logs' }).click();
    await page.getByRole('option', { name: /charge failed: the bank declined/ }).click();
    await page.getByRole('complementary', { name: 'Log line' }).getByRole('link', { name: 'Open the trace' }).click();
    await page.getByRole('treegrid').waitFor();
    expect(page.url()).toMatch(/\/ui\/trace\/[0-9a-f]{32}\?.*span=[0-9a-f]{16}/);
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
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowLeft');
    await page
      .getByText('9 999', { exact: true })
      .or(page.getByText('9999', { exact: true }))
      .waitFor();
    expect(await rows.count()).toBe(2);
    await closed(page);
  });

  test('an address says all that is shown, and the way back is the way that one came', async () => {
    const from = Date.now() - 600_000;
    const address = `/ui/logs?q=%7Bservice_name%3D%22payment%22%7D&from=${from}&to=${from + 300_000}`;
    const page = await browser.open(address);
    await page
      .getByRole('option', { name: /charge/ })
      .first()
      .waitFor();
    expect(page.url().endsWith(address)).toBe(true);
    await page.getByLabel('LogQL query').getByText('payment').waitFor();
    await page.getByRole('button', { name: 'error', exact: false }).and(page.locator('.field-value')).first().click();
    await page.waitForURL(/detected_level/);
    await page.goBack();
    await page.waitForURL((url) => url.pathname + url.search === address);
    await page.getByRole('link', { name: 'Traces', exact: true }).click();
    await page.waitForURL((url) => url.pathname === '/ui/traces' && url.searchParams.get('from') === String(from));
    await closed(page);
  });

  test('new lines appear while one looks', async () => {
    const page = await browser.open('/ui/logs?q=%7Bservice_name%3D%22ticker%22%7D&tail=on');
    await page.getByText('Waiting for the next line').waitFor();
    await browser.send([oneLog('ticker', 'a line that has just come', Date.now())]);
    await page.getByRole('option', { name: /a line that has just come/ }).waitFor();
    await closed(page);
  });

  // A name is whatever a sender writes: markup, letters from right to left, signs that a terminal would obey, and a megabyte.
  test('hostile telemetry is text', async () => {
    const markup = '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>';
    const name = `${markup}\u202Eלום\u0000\u001b[31m`;
    const traceId = 'c0ffee'.padEnd(32, '0');
    await browser.send([
      oneSpan(
        { traceId, service: name, name, attribute: { [markup]: name, 'a.link': 'javascript:window.harmed=1' } },
        Date.now() - 5000,
      ),
      oneLog(name, `${name} ${'x'.repeat(1 << 20)}`, Date.now() - 4000, { [markup]: markup }),
    ]);
    for (const path of [
      '/ui/services',
      '/ui/traces',
      `/ui/trace/${traceId}?span=${traceId.slice(0, 16)}`,
      '/ui/logs',
      '/ui/sql?q=FROM%20otlp_services()',
    ]) {
      const page = await browser.open(path);
      await page.locator('main bdi', { hasText: '<img src=x onerror' }).first().waitFor();
      if (path === '/ui/logs') await page.getByRole('option', { name: /<img/ }).first().click();
      expect(await page.locator('img, main script').count()).toBe(0);
      expect(await page.evaluate(() => 'harmed' in globalThis)).toBe(false);
      await closed(page);
    }
  });

  test('SQL is answered, and what is not allowed is said', async () => {
    const page = await browser.open('/ui/sql');
    await page.getByText('Ask in SQL').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type("SELECT * FROM read_text('/etc/passwd')");
    await page.keyboard.press('Control+Enter');
    await page
      .getByRole('alert')
      .getByText(/read_text/)
      .waitFor();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('SELECT service_name, count(*) AS spans FROM otlp_traces GROUP BY ALL ORDER BY ALL');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('row', { name: /batch 10\s?000/ }).waitFor();
    await closed(page);
  });

  test('a query that cannot be read says where', async () => {
    const page = await browser.open('/ui/traces?q=%7B%20name%20%3D');
    await page
      .getByRole('alert')
      .getByText(/line 1, col/)
      .waitFor();
    await closed(page);
  });

  test('where nothing has arrived, the page says what to do', async () => {
    const page = await browser.open('/ui/services?from=1000&to=2000');
    await page.getByText('OTEL_EXPORTER_OTLP_ENDPOINT=').waitFor();
    await closed(page);
  });

  test('a token opens a session, which ends when one signs out', async () => {
    const page = await browser.open('/ui/traces', {}, browser.closedUrl);
    await page.getByLabel('Read token').fill('of-nothing-at-all');
    await page.keyboard.press('Enter');
    await page.getByText('This is not the read token of this server.').waitFor();
    await browser.photograph(page, 'sign-in');
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
