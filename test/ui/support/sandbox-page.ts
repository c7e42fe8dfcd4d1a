import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { Scene } from '../../sandbox/control-scene.js';
import { TestBrowser } from './browser.js';

/** A sandbox for each test of a suite, and a browser that shows its page. */
export class SandboxPage {
  readonly scene = new Scene();
  #browser: TestBrowser | undefined;

  /** Call it in the suite, outside its tests. It starts and stops everything. */
  static forSuite(): SandboxPage {
    const shown = new SandboxPage();
    beforeAll(async () => {
      shown.#browser = await TestBrowser.start();
    });
    beforeEach(async () => {
      await shown.scene.start();
      shown.browser.problems.length = 0;
    });
    afterEach(async () => {
      await shown.browser.closePages();
      await shown.scene.stop();
    });
    afterAll(() => shown.browser.stop());
    return shown;
  }

  get browser(): TestBrowser {
    if (!this.#browser) throw new Error('The browser is not started.');
    return this.#browser;
  }

  /** Opens the page in a window of its own, and waits until its stream is connected. */
  async open(hash = ''): Promise<Page> {
    const page = await this.browser.open(`${this.scene.sandbox.url}/${hash}`);
    await page.getByRole('banner').getByText('live', { exact: true }).waitFor();
    return page;
  }
}

/** An order in the list of the page. */
export function orderItem(page: Page, text: string): Locator {
  return page.getByRole('list', { name: 'Orders' }).getByRole('listitem').filter({ hasText: text });
}
