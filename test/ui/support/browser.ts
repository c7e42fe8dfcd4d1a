import { describe, expect } from '@jest/globals';
import axe from 'axe-core';
import { chromium, type Browser as Chromium, type BrowserContext, type Page } from 'playwright-core';

const EXECUTABLE = process.env.LALAMOVE_TEST_CHROMIUM;

/** A suite that needs Chromium. Without one it is left out. */
export function describeBrowser(name: string, suite: () => void): void {
  if (EXECUTABLE === undefined) describe.skip(`${name} (needs Chromium: set LALAMOVE_TEST_CHROMIUM)`, suite);
  else describe(name, suite);
}

/** How a page is opened. */
export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly isDark?: boolean;
  readonly isStill?: boolean;
  /** BCP 47. */
  readonly language?: string;
  /** IANA. */
  readonly timeZone?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Real headless Chromium. It notes what a page must never do. */
export class TestBrowser {
  /** Console errors, uncaught errors, violations of the content security policy, and requests to other hosts. */
  readonly problems: string[] = [];
  readonly #contexts: BrowserContext[] = [];

  private constructor(private readonly chromium: Chromium) {}

  static async start(): Promise<TestBrowser> {
    const args = ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb'];
    return new TestBrowser(await chromium.launch({ executablePath: EXECUTABLE ?? '', args }));
  }

  /**
   * Opens a page.
   *
   * @param allowed what a problem may contain without being one, for example the address of a server that is stopped
   */
  async open(url: string, options: PageOptions = {}, allowed: readonly RegExp[] = []): Promise<Page> {
    const {
      width = 1280,
      height = 800,
      isDark = false,
      isStill = true,
      language = 'en-GB',
      timeZone,
      headers,
    } = options;
    const context = await this.chromium.newContext({
      viewport: { width, height },
      colorScheme: isDark ? 'dark' : 'light',
      reducedMotion: isStill ? 'reduce' : 'no-preference',
      locale: language,
      ...(timeZone !== undefined && { timezoneId: timeZone }),
      ...(headers && { extraHTTPHeaders: { ...headers } }),
    });
    this.#contexts.push(context);
    const page = await context.newPage();
    const note = (problem: string): void => {
      if (!allowed.some((pattern) => pattern.test(problem))) this.problems.push(problem);
    };
    page.on('console', (message) => {
      if (message.type() === 'error') note(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => {
      note(`error: ${error.message}`);
    });
    const { origin } = new URL(url);
    page.on('request', (request) => {
      const to = request.url();
      if (!to.startsWith(`${origin}/`) && !to.startsWith('data:')) note(`request to ${to}`);
    });
    page.setDefaultTimeout(12_000);
    await page.goto(url);
    return page;
  }

  /** Closes all pages. */
  async closePages(): Promise<void> {
    for (const context of this.#contexts.splice(0)) await context.close();
  }

  async stop(): Promise<void> {
    await this.closePages();
    await this.chromium.close();
  }
}

/** The serious and critical findings of axe-core, as rule and element. */
export async function accessibilityFindings(page: Page): Promise<string[]> {
  // Through the debugger, because the page's policy allows no added script.
  await page.evaluate(axe.source);
  const found: unknown = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })');
  const violations = isAxeResult(found) ? found.violations : [];
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

/** Expects no console error, no request outside, no violation of the policy, and no serious finding of axe-core. */
export async function expectSound(browser: TestBrowser, page: Page): Promise<void> {
  expect(await accessibilityFindings(page)).toEqual([]);
  expect(browser.problems).toEqual([]);
}

function isAxeResult(value: unknown): value is Pick<axe.AxeResults, 'violations'> {
  return typeof value === 'object' && value !== null && Array.isArray(Reflect.get(value, 'violations'));
}
