import { expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import type { Page } from 'playwright-core';
import { call } from '../sandbox/control-scene.js';
import { freePort } from '../support/free-port.js';
import { describeBrowser, expectSound } from './support/browser.js';
import { orderItem, SandboxPage } from './support/sandbox-page.js';

describeBrowser("the sandbox's page: requests, webhooks, faults, time", () => {
  const shown = SandboxPage.forSuite();
  const { scene } = shown;
  let page: Page;

  const open = async (hash: string): Promise<void> => {
    page = await shown.open(hash);
  };

  it('arms faults, which real requests then get, and counts them', async () => {
    await open('#/faults');
    await page.getByRole('button', { name: 'Rate limit × 5' }).click();
    await page.getByText('fired 0 ×, 5 × left').waitFor();
    expect((await scene.call('GET', '/v3/cities')).status).toBe(429);
    await page.getByText('fired 1 ×, 4 × left').waitFor();
    await page.getByRole('button', { name: 'Remove all' }).click();
    await page.getByText('No fault is armed').waitFor();
    expect((await scene.call('GET', '/v3/cities')).status).toBe(200);

    await page.getByRole('combobox', { name: 'Call', exact: true }).selectOption('getCities');
    await page.getByRole('combobox', { name: 'Answer', exact: true }).selectOption('status');
    await page.getByLabel('Status', { exact: true }).fill('418');
    await page.getByLabel('Body', { exact: true }).fill('tea');
    await page.getByRole('button', { name: 'Arm fault' }).click();
    await page.getByText('getCities, answer: 418').waitFor();
    expect(await scene.call('GET', '/v3/cities')).toMatchObject({ status: 418, body: 'tea' });
    await page.getByText('Fired, and over').waitFor();

    await page.getByLabel('Status', { exact: true }).fill('5000');
    await page.getByRole('button', { name: 'Arm fault' }).click();
    await page.getByText(/whole number from 200 to 999/).waitFor();
    await page.getByRole('combobox', { name: 'Of', exact: true }).selectOption('webhook');
    await page.getByRole('button', { name: 'Arm fault' }).click();
    await page.getByText('Webhook lost, any event').waitFor();
    expect(await scene.sandbox.control.faults()).toMatchObject([{ webhook: 'lost', left: 1 }]);
    // The refusal of the wrong status is logged by the browser.
    shown.browser.problems.splice(0, shown.browser.problems.filter((problem) => problem.includes('400')).length);
    await expectSound(shown.browser, page);
  });

  it('explains a wrong signature, and gives the request as a curl line', async () => {
    await open('#/requests');
    const body = '{\n  "data": {}\n}';
    const [time, path] = [String(scene.sandbox.clock.now()), '/v3/quotations'];
    const signature = createHmac('sha256', scene.sandbox.apiSecret)
      .update(`${time}\r\nPOST\r\n${path}\r\n\r\n{"data":{}}`)
      .digest('hex');
    const headers = { authorization: `hmac ${scene.sandbox.apiKey}:${time}:${signature}`, market: 'HK' };
    await fetch(scene.sandbox.url + path, { method: 'POST', headers, body });
    await page.getByRole('link', { name: /createQuotation/ }).click();
    await page.getByText(/body that was signed differs from the one sent at byte 2/).waitFor();
    await page.getByRole('tab', { name: 'curl' }).click();
    const anew = await page.getByRole('region', { name: 'Signed anew by the sandbox' }).textContent();
    const received = await page.getByRole('region', { name: /signature that was received/ }).textContent();
    expect(received).toContain(signature);
    expect([anew, anew?.includes(signature)]).toEqual([expect.stringContaining(`--data-raw '${body}'`), false]);
    expect(anew).not.toContain('sk_test');
    await expectSound(shown.browser, page);
  });

  it('shows why a webhook failed, and sends it again', async () => {
    await scene.registerWebhooks();
    scene.receiver.status = 404;
    await open('#/webhooks');
    await scene.book();
    await page.getByRole('link', { name: /order created/ }).click();
    await page.getByText(/The path differs: an app answers at 127\.0\.0\.1/).waitFor();
    await expectSound(shown.browser, page);
    scene.receiver.status = 200;
    await page.getByRole('button', { name: 'Resend' }).click();
    await page.getByText('Attempt 2').waitFor();
    await page.getByRole('article').getByText('delivered').waitFor();
    expect(scene.receiver.bodies.filter((text) => text.includes('ORDER_CREATED'))).toHaveLength(2);
  });

  it('says why an event that is sent again does not arrive while the app is down', async () => {
    await scene.registerWebhooks();
    await open('#/webhooks');
    await scene.book();
    await page.getByRole('link', { name: /order created/ }).click();
    await page.getByRole('article').getByText('delivered').waitFor();
    scene.receiver.stop();
    await page.getByRole('button', { name: 'Resend' }).click();
    await page.getByText('Attempt 2').waitFor();
    await page.getByText(/No app listens at 127\.0\.0\.1/).waitFor();
    await expectSound(shown.browser, page);
  });

  it('shows the same in each of several browsers, whichever of them acts', async () => {
    const id = await scene.book({ metadata: { reference: 'SHARED-1' } });
    const pages = [await shown.open(), await shown.open(), await shown.open(`#/orders/${id}`)] as const;
    const [first, second, third] = pages;
    await third.getByRole('button', { name: 'Driver accepts', exact: true }).click();
    for (const other of [first, second]) await orderItem(other, 'SHARED-1').getByText('on going').waitFor();
    await first.goto(`${scene.sandbox.url}/#/faults`);
    await second.goto(`${scene.sandbox.url}/#/faults`);
    await first.getByRole('button', { name: 'Rate limit × 5' }).click();
    await second.getByText('fired 0 ×, 5 × left').waitFor();
    await second.getByRole('button', { name: 'Remove all' }).click();
    await first.getByText('No fault is armed').waitFor();
    // One of them closes. The others stay live.
    await second.close();
    await third.getByRole('button', { name: 'Pick up', exact: true }).click();
    await first.goto(`${scene.sandbox.url}/#/`);
    await orderItem(first, 'SHARED-1').getByText('picked up').waitFor();
    for (const other of [first, third]) await expectSound(shown.browser, other);
  });

  it('sends any event', async () => {
    await scene.registerWebhooks();
    await open('#/webhooks');
    await page.getByRole('button', { name: 'Send an event…' }).click();
    await page.getByLabel('Type').fill('NEWS');
    await page.getByLabel('data, as JSON').fill('{"text":');
    expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true);
    await page.getByLabel('data, as JSON').fill('{"text":"hello"}');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByRole('link', { name: /news/ }).waitFor();
    expect(scene.receiver.bodies.at(-1)).toContain('"data":{"text":"hello"}');
    expect(shown.browser.problems).toEqual([]);
  });

  it('advances, runs and freezes the clock', async () => {
    const id = await scene.book();
    await open('');
    await page.getByText('frozen').waitFor();
    await page.getByRole('button', { name: /^Clock of the sandbox/ }).click();
    await page.getByLabel('By', { exact: true }).fill('3h 1m');
    await page.getByRole('button', { name: 'Advance', exact: true }).click();
    await page.getByText('2026-11-22T11:01:00.000Z').waitFor();
    expect(scene.sandbox.orders).toMatchObject([{ orderId: id, status: 'EXPIRED' }]);
    await expectSound(shown.browser, page);
    await page.getByRole('button', { name: '× 60', exact: true }).click();
    await page.getByText('Your app has another time now').waitFor();
    expect(scene.sandbox.clock.speed).toBe(60);
    // What happens in the process of the sandbox is shown too.
    scene.sandbox.clock.freeze();
    await page.getByRole('banner').getByText('frozen').waitFor();
  });

  it('takes scripts, steps and faults as JSON, and moves orders to any status', async () => {
    const id = await scene.book();
    await open(`#/orders/${id}`);
    await page.getByRole('combobox', { name: 'Script', exact: true }).selectOption('steps, as JSON…');
    await page.getByRole('textbox', { name: 'Steps' }).fill('[{ "do": "accept", "after": "1m" }, ');
    expect(await page.getByRole('button', { name: 'Start script' }).isDisabled()).toBe(true);
    await page
      .getByRole('textbox', { name: 'Steps' })
      .fill('[{ "do": "accept", "after": "1m" }, { "do": "arrive", "after": "9m" }]');
    await page.getByRole('button', { name: 'Start script' }).click();
    await page.getByText('still to come: accept, arrive').waitFor();
    await page.getByText('Any other step or status').click();
    await page.getByRole('combobox', { name: 'or status' }).selectOption('ON_GOING');
    await page.getByRole('button', { name: 'Move to this status' }).click();
    await page.getByRole('article').getByText('on going').waitFor();
    await expectSound(shown.browser, page);
    await page.getByRole('button', { name: 'Do this step' }).click();
    await page.getByText('The order has ended. No step can follow.').waitFor();
    expect(await scene.sandbox.control.order(id)).toMatchObject({ order: { status: 'CANCELED' } });

    await page.goto(`${scene.sandbox.url}/#/faults`);
    await page.getByRole('combobox', { name: 'Of', exact: true }).selectOption('json');
    await page.getByRole('button', { name: 'Arm fault' }).click();
    await page.getByText('placeOrder, cancelOrder, answer: ERR_RATE_LIMIT_EXCEEDED').waitFor();
    await expectSound(shown.browser, page);

    await page.goto(`${scene.sandbox.url}/#/sandbox`);
    const drivers = page.getByRole('region', { name: 'Drivers' });
    await drivers.getByRole('combobox', { name: 'Script', exact: true }).selectOption('steps, as JSON…');
    await drivers.getByRole('button', { name: 'Set steps' }).click();
    await page.getByText('The script was set.').waitFor();
    expect((await scene.sandbox.control.info()).drivers).toMatchObject([{ do: 'accept' }, { do: 'arrive' }, {}]);
    await scene.sandbox.control.setDrivers('late');
    await page.reload();
    expect(await drivers.getByRole('combobox', { name: 'Script', exact: true }).inputValue()).toBe('late');
    expect(shown.browser.problems).toEqual([]);
  });

  it('shows the log, live, and the ledger of a value in the metadata', async () => {
    const id = await scene.book({ metadata: { reference: 'L-1' } });
    await open('#/log');
    const line = (text: string) => page.getByRole('list', { name: 'Lines of the log' }).getByText(text);
    await line('2: POST /v3/orders').waitFor();
    scene.sandbox.drive(id, { do: 'accept' });
    await line(`accept, ${id}`).waitFor();
    await scene.call('GET', '/v3/cities', undefined, { apiSecret: 'wrong' });
    await line('3: GET /v3/cities, wrong signature').waitFor();
    await page.getByLabel('Show').selectOption('step');
    await line('2: POST /v3/orders').waitFor({ state: 'detached' });
    await expectSound(shown.browser, page);
    await line(`accept, ${id}`).click();
    await page.getByRole('article', { name: `Order ${id}` }).waitFor();

    await page.goto(`${scene.sandbox.url}/#/sandbox`);
    const ledger = page.getByRole('region', { name: 'Ledger' });
    await ledger.getByLabel('Value').fill('L-1');
    await ledger.getByRole('button', { name: 'Look up' }).click();
    await ledger.getByRole('status').getByText('1 live').waitFor();
    await ledger.getByLabel('Value').fill('nobody');
    await ledger.getByRole('button', { name: 'Look up' }).click();
    await ledger.getByRole('status').getByText('0 live').waitFor();
    expect(shown.browser.problems).toEqual([]);
  });

  it('sets wallets and drivers, takes and restores snapshots, and clears everything', async () => {
    await open('#/sandbox');
    await page.getByLabel('Balance').fill('12');
    await page.getByRole('button', { name: 'Set balance' }).click();
    await page.getByText('HK$12.00').waitFor();
    await page
      .getByRole('region', { name: 'Drivers' })
      .getByRole('combobox', { name: 'Script', exact: true })
      .selectOption('late');
    await page.getByRole('button', { name: 'Take a snapshot' }).click();
    await page.getByRole('button', { name: 'Restore snapshot 1' }).waitFor();
    await scene.sandbox.control.setBalance({ market: 'HK' }, '1000');
    await scene.book({ metadata: { reference: 'L-1' } });
    await page.getByRole('region', { name: 'Ledger' }).getByRole('link', { name: 'reference = L-1' }).waitFor();
    await page.getByRole('button', { name: 'Restore snapshot 1' }).click();
    await page.getByText('HK$12.00').waitFor();
    expect([scene.sandbox.orders, (await scene.sandbox.control.info()).drivers]).toEqual([[], 'late']);
    await page.getByRole('button', { name: 'Clear everything…' }).click();
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await page.getByText('No wallet was used yet.').waitFor();
    await expectSound(shown.browser, page);
  });

  it('connects again when the port refuses for a while', async () => {
    page = await shown.browser.open(`${scene.sandbox.url}/#/sandbox`, {}, [/ERR_/]);
    await page.getByRole('banner').getByText('live', { exact: true }).waitFor();
    await page.getByLabel('Refuse connections for, ms').fill('1500');
    await page.getByRole('button', { name: 'Refuse', exact: true }).click();
    await page.getByRole('banner').getByText('offline', { exact: true }).waitFor();
    await page.getByRole('banner').getByText('live', { exact: true }).waitFor();
    expect(shown.browser.problems).toEqual([]);
  });

  it('notices another sandbox on the same port, and shows that one by itself', async () => {
    const port = await freePort();
    const first = await LalamoveSandbox.start({ port, rateLimits: false });
    await call(first, 'GET', '/v3/cities');
    await call(first, 'GET', '/v3/orders/1');
    page = await shown.browser.open(`${first.url}/#/requests`, {}, [/ERR_/]);
    await page.getByText('2 requests, latest first').waitFor();
    await first.stop();
    await page.getByRole('banner').getByText('offline', { exact: true }).waitFor();
    const second = await LalamoveSandbox.start({ port, rateLimits: false });
    await page.getByRole('banner').getByText('live', { exact: true }).waitFor();
    await page.getByText('No requests yet').waitFor();
    await call(second, 'GET', '/v3/cities');
    await page.getByText('1 request, latest first').waitFor();
    await second.stop();
    expect(shown.browser.problems).toEqual([]);
  });
});
