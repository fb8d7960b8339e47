// A browser in front of the pages of a server that has the telemetry of a shop: one of each for all tests.

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { packageFolder } from '../../src/base/package-folder.js';
import { OtelDatabase, type OtelServer } from '../support/otel-database.js';
import { type Sent, shopTelemetry } from './shop-telemetry.js';

export const READ_TOKEN = 'a-token-that-reads';
const places = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
/** Undefined where there is no browser. */
export const chromiumPath = places.find((path) => path !== '' && existsSync(path));
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const expected = [
  // A refused token or query is an answer that Chromium reports as an error too.
  /status of 4\d\d/,
  // Told by the listener below, with where it was.
  /^Applying inline style /,
];

interface AxeApi {
  run(options: object): Promise<{
    readonly violations: readonly { id: string; impact?: string | null; nodes: readonly { html: string }[] }[];
  }>;
}
/** For people to look at. */
const SCREENSHOTS = join(packageFolder, 'test/pages/screenshots');
const HEIGHTS: Readonly<Record<number, number>> = { 390: 844, 1280: 800 };

export interface View {
  readonly width?: 390 | 1280;
  readonly theme?: 'light' | 'dark';
}

export class PagesBrowser {
  readonly database: OtelDatabase;
  readonly ingest: OtelServer;
  /** Pages that ask for no token. */
  readonly openUrl: string;
  /** Pages that ask for one. */
  readonly closedUrl: string;
  readonly #browser: Browser;
  /** What a page said that nobody should hear: errors, and what the policy of the document refused. */
  readonly complaints: string[] = [];

  private constructor(database: OtelDatabase, ingest: OtelServer, urls: readonly string[], browser: Browser) {
    this.database = database;
    this.ingest = ingest;
    this.openUrl = urls[0]!;
    this.closedUrl = urls[1]!;
    this.#browser = browser;
  }

  static async start(): Promise<PagesBrowser> {
    const launched = chromium.launch({ executablePath: chromiumPath!, args: ['--no-sandbox'] });
    const database = await OtelDatabase.open();
    const ingest = await database.serve();
    const serve = async (options: string) =>
      String(await database.value(`SELECT listen_url FROM otlp_query_serve('query:127.0.0.1:0', ${options})`));
    const urls = [
      await serve("disable_auth := true, apis := 'prometheus,loki,tempo,sql,pages'"),
      await serve(`read_token := '${READ_TOKEN}'`),
    ];
    const browser = new PagesBrowser(database, ingest, urls, await launched);
    await browser.send(shopTelemetry(Date.now()));
    return browser;
  }

  async send(messages: readonly Sent[]): Promise<void> {
    for (const { path, body } of messages) {
      const { status, text } = await this.ingest.post(body, { path, headers: { 'content-type': 'application/json' } });
      if (status !== 202) throw new Error(`${status}: ${text}`);
    }
  }

  /** A page of its own, without the cookies of others. */
  async open(path: string, { width = 1280, theme = 'light' }: View = {}, url = this.openUrl): Promise<Page> {
    const context: BrowserContext = await this.#browser.newContext({
      viewport: { width, height: HEIGHTS[width]! },
      colorScheme: theme,
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(20_000);
    await context.addInitScript(tellRefusals);
    const page = await context.newPage();
    page.on('pageerror', (error) => this.complaints.push(`${path}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() !== 'error' || expected.some((text) => text.test(message.text()))) return;
      this.complaints.push(`${path}: ${message.text()}`);
    });
    await page.goto(`${url}${path}`);
    return page;
  }

  /** The same page in another size and theme. */
  async look(page: Page, { width = 1280, theme = 'light' }: View): Promise<void> {
    await page.setViewportSize({ width, height: HEIGHTS[width]! });
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  }

  /** What keeps people with other senses from using a page: serious findings of axe. */
  async barriers(page: Page): Promise<readonly string[]> {
    // As the debugger has it, since the policy of the page refuses scripts of others.
    await page.evaluate(readFileSync(AXE, 'utf8'));
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: AxeApi };
      const { violations } = await axe.run({ resultTypes: ['violations'] });
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
    });
  }

  async photograph(page: Page, name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.database.close();
  }
}

/**
 * In the page: says what its policy refused. Chromium gives what is typed over a selection the style of what was there, which is refused in
 * editors, and no loss.
 */
function tellRefusals(): void {
  interface Refusal {
    readonly violatedDirective: string;
    readonly target: { readonly className?: string } | null;
  }
  const { addEventListener } = globalThis as unknown as {
    addEventListener(name: string, listener: (refusal: Refusal) => void): void;
  };
  addEventListener('securitypolicyviolation', ({ violatedDirective, target }) => {
    if (target?.className !== 'editor') throw new Error(`refused by ${violatedDirective}`);
  });
}
