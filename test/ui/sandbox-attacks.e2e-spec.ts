import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { call } from '../sandbox/control-scene.js';
import { describeBrowser } from './support/browser.js';
import { orderItem, SandboxPage } from './support/sandbox-page.js';

describeBrowser("the sandbox's page under load", () => {
  const shown = SandboxPage.forSuite();
  const { scene } = shown;
  let page: Page;
  let calls = new AbortController();
  let traffic: Promise<void> | undefined;

  beforeEach(async () => {
    page = await shown.open();
  });

  afterEach(async () => {
    calls.abort();
    await traffic;
  });

  /** Calls the API again and again, so that something changes all the time. */
  function begin(): void {
    calls = new AbortController();
    const { signal } = calls;
    traffic = (async () => {
      while (!signal.aborted) {
        await scene.call('GET', '/v3/cities');
        await setTimeout(15);
      }
    })();
  }

  const item = (text: string): Locator => orderItem(page, text);

  it('finds what is searched for while something changes all the time', async () => {
    await scene.book({ metadata: { reference: 'NEEDLE-9' } });
    await scene.book({ metadata: { reference: 'OTHER-1' } });
    await item('OTHER-1').waitFor();
    begin();
    await page.keyboard.press('/');
    await page.keyboard.type('needle-9');
    await item('OTHER-1').waitFor({ state: 'detached' });
    await item('NEEDLE-9').waitFor();
    // And goes on to find.
    await scene.book({ metadata: { reference: 'NEEDLE-9-too' } });
    await item('NEEDLE-9-too').waitFor();
  });

  it('shows an order while something changes all the time, also over a slow connection', async () => {
    const id = await scene.book();
    let reads = 0;
    await page.route(`**/_sandbox/orders/${id}`, async (route) => {
      reads += 1;
      await setTimeout(400);
      await route.continue();
    });
    begin();
    await setTimeout(100);
    await page.goto(`${scene.sandbox.url}/#/orders/${id}`);
    await page.getByRole('article', { name: `Order ${id}` }).waitFor();
    scene.sandbox.moveOrder(id, 'ON_GOING');
    await page.getByRole('article').getByText('on going').waitFor();
    // One reading at a time.
    expect(reads).toBeLessThan(10);
  });

  it('forgets what the sandbox forgets', async () => {
    const small = await LalamoveSandbox.start({ historyLimit: 8, rateLimits: false });
    const other = await shown.browser.open(`${small.url}/#/requests`);
    await other.getByRole('banner').getByText('live', { exact: true }).waitFor();
    for (let count = 0; count < 40; count += 1) {
      await call(small, 'GET', '/v3/cities');
      // The page sees each of them.
      await setTimeout(50);
    }
    const first = other.getByRole('list', { name: 'Requests' }).getByRole('listitem').first();
    await other.locator(`a[href="#/requests/${small.requests.at(-1)?.number ?? 0}"]`).waitFor();
    expect(Number(await first.getAttribute('aria-setsize'))).toBe(small.requests.length);
    await small.stop();
  });

  it('copies also where the browser offers no clipboard, as over http in a network', async () => {
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    await page.evaluate(`document.addEventListener('copy', () => {
      window.copied = document.activeElement.value;
    })`);
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('window.copied')).toContain(`baseUrl: '${scene.sandbox.url}'`);
    expect(shown.browser.problems).toEqual([]);
  });

  it('shows the digits and the order of a body as they were sent', async () => {
    await scene.call('POST', '/v3/quotations', { id: 1 });
    const body =
      '{"data":{"b":3764238965391671300001,"a":"x: {1, [2]} \\" \\\\","e":{},"l":[],"n":[1.50,{"a":1,"a":2}]}}';
    await fetch(`${scene.sandbox.url}/v3/orders`, { method: 'POST', body });
    await page.goto(`${scene.sandbox.url}/#/requests/2`);
    await page.getByRole('tab', { name: 'Request' }).click();
    const text = await page.getByRole('region', { name: 'Body of the request' }).textContent();
    expect(text).toBe(
      [
        '{',
        '  "data": {',
        '    "b": 3764238965391671300001,',
        '    "a": "x: {1, [2]} \\" \\\\",',
        '    "e": {},',
        '    "l": [],',
        '    "n": [',
        '      1.50,',
        '      {',
        '        "a": 1,',
        '        "a": 2',
        '      }',
        '    ]',
        '  }',
        '}',
      ].join('\n'),
    );
  });
});
