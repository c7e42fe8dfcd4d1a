import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import type { Page } from 'playwright-core';
import { LalamoveModule } from 'nestjs-lalamove';
import { DeliveriesBoardModule } from 'nestjs-lalamove/board';
import { DeliveriesModule, DeliveriesService } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox, type DriverStep } from 'nestjs-lalamove/sandbox';
import { BOARD, PATH, startBoard, type BoardHostOptions } from '../board/board-host.js';
import type { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { accountOn } from '../support/account.js';
import { freePort } from '../support/free-port.js';
import { bookingOf } from '../support/sample-booking.js';
import { describeBrowser, expectSound, TestBrowser } from './support/browser.js';

/** Where pictures of every state are written, to look at them. */
const SHOTS = process.env.LALAMOVE_TEST_SHOTS;

/** Names that a careless page would run, turn around, or be broken by. */
const HOSTILE = {
  html: '<img src=x onerror="document.title=\'owned\'">',
  direction: 'Ada \u202egnp.exe',
  long: 'x'.repeat(1_500),
  emoji: '👩‍👩‍👧‍👦 🚚 Zoë',
};

describeBrowser("the operators' board in Chromium", () => {
  let browser: TestBrowser;
  let host: DeliveriesHost;
  const stops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    browser = await TestBrowser.start();
  });

  afterEach(async () => {
    await browser.closePages();
    for (const stop of stops.splice(0)) await stop();
    browser.problems.length = 0;
  });

  afterAll(() => browser.stop());

  async function start(options: BoardHostOptions = {}): Promise<void> {
    host = await startBoard({ ...options, sandbox: { drivers: 'still', ...options.sandbox } });
    stops.push(() => host.stop());
  }

  const open = (hash = '', operator = 'clerk-7', allowed: RegExp[] = []): Promise<Page> =>
    browser.open(`${host.url}/${PATH}${hash}`, { headers: { 'x-operator': operator } }, allowed);

  async function drive(reference: string, step: DriverStep): Promise<void> {
    const { orderId = '' } = await host.deliveries.get(reference);
    await host.sandbox.control.drive(orderId, step);
    await host.settle();
  }

  async function shoot(page: Page, name: string): Promise<void> {
    if (SHOTS === undefined) return;
    for (const [width, height] of [
      [390, 844],
      [1280, 800],
      [1440, 900],
    ] as const) {
      await page.setViewportSize({ width, height });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: `${SHOTS}/${name}-${width}-${colorScheme}.png` });
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
  }

  it('says what it will show while there is nothing', async () => {
    await start();
    const page = await open();
    await page.getByRole('heading', { name: 'No deliveries yet' }).waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    await shoot(page, 'empty');
    await expectSound(browser, page);
  });

  it('shows a delivery live from the booking to its end', async () => {
    await start();
    const page = await open('#/all');
    await page.getByText('live', { exact: true }).waitFor();
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    await page.getByRole('link', { name: /A-1/ }).click();
    await page.getByText('Ordered for HK$').waitFor();
    await drive('A-1', { do: 'accept' });
    await page.getByText('The driver is on the way to the pick-up').waitFor();
    await drive('A-1', { do: 'pick-up' });
    await page.getByText('Picked up', { exact: true }).waitFor();
    await page.getByText('Payload').first().click();
    await page.getByText('"orderId"').first().waitFor();
    await shoot(page, 'timeline');
    await expectSound(browser, page);
    await page.getByRole('tab', { name: /Stops/ }).click();
    await page.locator('.marker-pick-up').waitFor();
    await page.getByText('+85251234567').waitFor();
    await shoot(page, 'stops');
    await expectSound(browser, page);
    await page.getByRole('tab', { name: /Attempts/ }).click();
    await shoot(page, 'attempts');
    await drive('A-1', { do: 'deliver' });
    await drive('A-1', { do: 'complete' });
    await page.locator('.detail-head .pill', { hasText: 'Completed' }).waitFor();
    await host.deliveries.forget('A-1');
    await page.reload();
    await page.getByRole('tab', { name: /Stops/ }).click();
    await page.getByText('have been erased').waitFor();
    await shoot(page, 'erased');
    await expectSound(browser, page);
  });

  it('draws a booking without coordinates where Lalamove has found its addresses', async () => {
    await start();
    const stops = [{ address: 'Victoria Peak' }, { address: 'Hong Kong Airport' }];
    await host.deliveries.book(bookingOf('A-1', { quotation: { serviceType: 'MOTORCYCLE', stops } }));
    const page = await open('#/all');
    await page.getByRole('link', { name: /A-1/ }).click();
    await page.getByRole('tab', { name: /Stops/ }).click();
    await page.getByText('Hong Kong Airport').last().waitFor();
    // The webhook with the places arrives while the page is open.
    await host.settle();
    await page.locator('.marker-pick-up').waitFor();
    await page.locator('.marker-drop-off').waitFor();
    await shoot(page, 'geocoded');
    await expectSound(browser, page);
  });

  it('lets an operator resolve an unknown outcome by clicking, after asking once more', async () => {
    await start({ deliveries: { policy: { unknownOutcome: { waitMinutes: 0, then: 'hold' } } } });
    host.sandbox.addFault({ call: 'placeOrder', work: 'skipped', answer: 'reset' });
    await host.deliveries.book(bookingOf('A-1', { maxPrice: '400' }));
    await host.clock.advance('20m');
    expect(await host.deliveries.get('A-1')).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN' } });
    const page = await open();
    await page.getByRole('link', { name: /A-1/ }).click();
    await page.getByText('It is not known whether there is an order').first().waitFor();
    await shoot(page, 'attention');
    await expectSound(browser, page);
    await page.getByRole('button', { name: 'Book again…' }).click();
    const next = page.getByRole('button', { name: 'Continue…' });
    expect(await next.isDisabled()).toBe(true);
    await page.getByText('I have looked at Lalamove').click();
    await page.getByText('cannot be corrected here').waitFor();
    await next.click();
    await page.getByText('This spends money.').waitFor();
    await page.getByText('two couriers come').waitFor();
    await shoot(page, 'rebook-sure');
    await expectSound(browser, page);
    expect((await host.deliveries.get('A-1')).state).toBe('needs_attention');
    await page.getByRole('button', { name: 'Book again', exact: true }).click();
    await page.getByText('It is booked again.').waitFor();
    await host.settle();
    await page.getByText('Resolved by clerk-7').waitFor();
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'assigning', attempts: 2 });
    await page.locator('.detail-head .pill', { hasText: 'Finding a driver' }).waitFor();
    await page.getByRole('link', { name: 'Finding a driver 1' }).waitFor();
    await page.getByRole('link', { name: 'Preparing 0' }).waitFor();
    await shoot(page, 'resolved');
    await expectSound(browser, page);
  });

  it('keeps an operator from deciding on what has changed while a dialog was open', async () => {
    await start();
    await host.deliveries.book(bookingOf('A-1', { maxPrice: '1' }));
    await host.settle();
    const page = await open();
    await page.getByRole('link', { name: /A-1/ }).click();
    await page.getByText('The price is above the limit').first().waitFor();
    for (const [way, done, button] of [
      ['End it without an order…', '2', 'End the delivery'],
      ['Book again…', '3', 'Book again'],
    ] as const) {
      await page.getByRole('button', { name: way }).click();
      if (button === 'Book again') await page.getByRole('button', { name: 'Continue…' }).click();
      const act = page.getByRole('button', { name: button, exact: true });
      expect(await act.isDisabled()).toBe(false);
      // A colleague decides first. The delivery comes back with the same reason.
      await host.deliveries.resolve('A-1', { rebook: true, maxPrice: done });
      await host.settle();
      await page.getByText('The delivery has changed meanwhile.').waitFor();
      expect(await act.isDisabled()).toBe(true);
      await shoot(page, `outdated-${done}`);
      await page.getByRole('button', { name: 'Close', exact: true }).click();
    }
    await host.deliveries.resolve('A-1', { cancel: true });
    await expectSound(browser, page);
  });

  it('lets an operator correct a refused phone number', async () => {
    await start();
    host.sandbox.addFault({
      call: 'placeOrder',
      answer: { code: 'ERR_INVALID_PHONE_NUMBER', pointer: '/recipients/0/phone' },
    });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    // The browser reports each refusal by itself.
    const page = await open('', 'clerk-7', [/status of 422/]);
    await page.getByRole('link', { name: /A-1/ }).click();
    await page.getByText('A phone number is not valid').first().waitFor();
    await page.getByRole('button', { name: 'Book again…' }).click();
    const drop = page.locator('details', { hasText: 'Correct drop-off 1' });
    if ((await drop.getAttribute('open')) === null) await drop.locator('summary').click();
    await drop.getByRole('textbox', { name: 'Phone' }).fill('123');
    await shoot(page, 'correct');
    await page.getByRole('button', { name: 'Continue…' }).click();
    await page.getByText('Phone of drop-off 1').waitFor();
    await page.getByRole('button', { name: 'Book again', exact: true }).click();
    await page.getByText('(/changes/recipients/0/phone)').waitFor();
    await shoot(page, 'correct-wrong');
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByRole('textbox', { name: 'Phone' }).last().fill('+85261234567');
    await page.getByRole('button', { name: 'Continue…' }).click();
    await page.getByRole('button', { name: 'Book again', exact: true }).click();
    await page.getByText('It is booked again.').waitFor();
    await host.settle();
    await page.getByText('Corrected by clerk-7').waitFor();
    await expectSound(browser, page);
  });

  it('speaks to an operator of a delivery without an order: of money, places and its end', async () => {
    await start();
    // In the form of a phone number, but none of Hong Kong.
    const recipients = [{ name: 'Ada', phone: '+85212345' }];
    await host.deliveries.book(bookingOf('A-1', { recipients, maxPrice: '250' }));
    await host.settle();
    const page = await open('#/all/A-1');
    await page.getByText('Refused: the phone of recipient 1.').waitFor();
    expect(await page.locator('.attention > p').allTextContents()).not.toContainEqual(
      expect.stringContaining('resolve('),
    );
    await page.getByText('HK$250.00').waitFor();
    await shoot(page, 'refused');
    // There is nothing to be cancelled at Lalamove.
    await page.getByRole('button', { name: 'End it without an order…' }).waitFor();
    expect(await page.getByRole('button', { name: 'Cancel delivery…' }).count()).toBe(0);
    await host.deliveries.cancel('A-1', { by: 'clerk-7' });
    await page.getByText('Cancellation asked for by clerk-7').waitFor();
    await page.locator('.detail-head').getByText('Canceled').waitFor();
    expect(await page.getByText('cancellation asked for', { exact: true }).count()).toBe(0);
    await page.getByRole('link', { name: /Needs attention/ }).click();
    await page.getByRole('status').getByText('None').waitFor();
    await expectSound(browser, page);
  });

  it('finds a delivery, and stays current after a restart of the server', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'board-'));
    const database = { file: join(folder, 'deliveries.db') };
    const sandbox = await LalamoveSandbox.start({ drivers: 'still' });
    const port = await freePort();
    const serve = async (): Promise<INestApplication> => {
      const module = await Test.createTestingModule({
        imports: [
          LalamoveModule.forRoot(accountOn(sandbox)),
          DeliveriesModule.forRoot({ database }),
          DeliveriesBoardModule.forRoot(BOARD),
        ],
      }).compile();
      const made = module.createNestApplication();
      made.useLogger(false);
      await made.listen(port, '127.0.0.1');
      return made;
    };
    let app = await serve();
    try {
      await app.get(DeliveriesService).book(bookingOf('A-1'));
      const page = await browser.open(
        `http://127.0.0.1:${port}/${PATH}#/all`,
        { headers: { 'x-operator': 'clerk-7' } },
        [/ERR_CONNECTION_REFUSED/, /ERR_EMPTY_RESPONSE/, /ERR_CONNECTION_RESET/, /ERR_INCOMPLETE_CHUNKED_ENCODING/],
      );
      await page.getByRole('link', { name: /A-1/ }).waitFor();
      await page.getByText('live', { exact: true }).waitFor();
      await app.close();
      await page.getByText('The server does not answer.').waitFor();
      app = await serve();
      await app.get(DeliveriesService).book(bookingOf('B-2'));
      await page.getByRole('link', { name: /B-2/ }).waitFor();
      await page.getByText('live', { exact: true }).waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('b-2');
      await page.getByText('1 found').waitFor();
      expect(await page.getByRole('link', { name: /A-1/ }).count()).toBe(0);
      await page.keyboard.press('Escape');
      await page.getByRole('link', { name: /A-1/ }).waitFor();
      const href = await page.getByRole('link', { name: /CSV/ }).getAttribute('href');
      const file = await page.request.get(String(new URL(href ?? '', page.url())));
      expect(await file.text()).toContain('"B-2"');
      await expectSound(browser, page);
    } finally {
      await browser.closePages();
      await app.close();
      await sandbox.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('shows what others have written as text', async () => {
    await start();
    for (const [name, text] of Object.entries(HOSTILE)) {
      await host.deliveries.book(
        bookingOf(`${name} ${text}`.slice(0, 200), {
          sender: { name: text.slice(0, 200), phone: '+85221234567' },
          recipients: [{ name: text.slice(0, 200), phone: '+85251234567', remarks: text }],
        }),
      );
    }
    await host.settle();
    const page = await open('#/all');
    for (const name of Object.keys(HOSTILE)) {
      await page.getByRole('link', { name: new RegExp(name) }).click();
      await page.getByRole('tab', { name: /Stops/ }).click();
      await page.locator('.stops li').nth(1).waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await shoot(page, `hostile-${name}`);
      await page.setViewportSize({ width: 1280, height: 800 });
    }
    expect(await page.title()).toBe('Deliveries');
    expect(await page.locator('img').count()).toBe(0);
    await expectSound(browser, page);
  });

  it('lists one account, and finds deliveries while many change', async () => {
    await start({
      deliveries: {
        accounts: {
          resolve: () => ({ apiKey: host.sandbox.apiKey, apiSecret: host.sandbox.apiSecret, market: 'HK' }),
        },
      },
    });
    for (const reference of ['A-1', 'A-2']) await host.deliveries.book(bookingOf(reference, { account: 'merchant/7' }));
    await host.deliveries.book(bookingOf('B-1'));
    await host.settle();
    const page = await open('#/all');
    await page.getByRole('link', { name: /B-1/ }).waitFor();
    await page.getByRole('link', { name: /A-1/ }).click();
    await page.getByRole('link', { name: 'Only this account' }).click();
    await page.getByText('Only the account merchant/7').waitFor();
    await page.getByText('2 shown').waitFor();
    expect(await page.getByRole('link', { name: /B-1/ }).count()).toBe(0);
    await page.getByRole('link', { name: /^Under way/ }).click();
    await page.getByText('2 shown').waitFor();
    await shoot(page, 'account');
    const href = (await page.getByRole('link', { name: /CSV/ }).getAttribute('href')) ?? '';
    const file = await page.request.get(String(new URL(href, page.url())));
    expect((await file.text()).trim().split('\r\n')).toHaveLength(3);
    await expectSound(browser, page);
    await page.getByRole('link', { name: 'Show all accounts' }).click();
    await page.getByText('3 shown').waitFor();
    const over = new AbortController();
    const busy = (async () => {
      for (let index = 0; !over.signal.aborted; index += 1) {
        await host.deliveries.book(bookingOf(`C-${index}`));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    // Each search is answered late, as with very many deliveries.
    await page.route(/data\/search/, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await route.continue().catch(() => undefined);
    });
    await page.keyboard.press('/');
    await page.keyboard.type('a-2');
    await page.getByText('1 found').waitFor();
    over.abort();
    await busy;
    await host.settle();
  });

  it('lists a delivery whose row cannot be read', async () => {
    await start();
    for (const reference of ['A-1', 'A-2']) await host.deliveries.book(bookingOf(reference));
    await host.settle();
    await sql`update deliveries set progress = '{"odd"' where reference = 'A-1'`.execute(host.deliveries.database);
    const page = await open('#/all', 'clerk-7', [/status of 503/, /status of 500/]);
    await page.getByText('unreadable', { exact: true }).waitFor();
    await page.getByRole('link', { name: /A-2/ }).waitFor();
    await page.getByRole('link', { name: /A-1/ }).click();
    await page.locator('.detail .notice').waitFor();
    await shoot(page, 'unreadable');
    await expectSound(browser, page);
  });

  it('has no buttons for a read-only operator', async () => {
    await start();
    host.sandbox.addFault({
      call: 'placeOrder',
      work: 'skipped',
      answer: { code: 'ERR_INSUFFICIENT_CREDIT' },
    });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    const page = await open('', 'guest');
    await page.getByRole('link', { name: /A-1/ }).click();
    await page.getByText('You may look only.').waitFor();
    await page.getByText('read-only').waitFor();
    expect(await page.getByRole('button', { name: /Book again|Cancel|End it/ }).count()).toBe(0);
    await shoot(page, 'read-only');
    await expectSound(browser, page);
  });
});
