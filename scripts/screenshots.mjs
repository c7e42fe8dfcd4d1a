// Takes the pictures of the pages in docs/images, from the storefront of `npm start`. After a build; it needs Chromium:
//   . .ci/chromium && npm run screenshots
import { SandboxControl } from 'nestjs-lalamove/sandbox';
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, URLSearchParams } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const IMAGES = 'docs/images';
const MAX_BYTES = 60_000;
const STAFF = { username: 'staff', password: 'screenshots' };

const storefront = spawn(process.execPath, ['dist/examples/storefront/main.js'], {
  cwd: ROOT,
  env: { ...process.env, PORT: '0', LALAMOVE_API_KEY: '', STAFF_PASSWORD: STAFF.password },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const browser = await chromium.launch({
  executablePath: process.env.LALAMOVE_TEST_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
try {
  const { shop, sandbox } = await links();
  const control = SandboxControl.connect(sandbox);
  await control.setBalance({ market: 'HK' }, '60');
  await order(shop, 'S-1041', 'Ada Wong', '10 Salisbury Road, Tsim Sha Tsui');
  await pause(2_000);
  // The wallet is empty now, so this one needs a person.
  await order(shop, 'S-1042', 'Grace Lee', 'Hong Kong International Airport');
  await pause(2_000);
  await control.setBalance({ market: 'HK' }, '5000');
  await order(shop, 'S-1043', 'Alan Chan', '18 Harbour Road, Wan Chai');
  await pause(12_000);
  const link = await order(shop, 'S-1044', 'Mary Ho', '1 Matheson Street, Causeway Bay');
  // Long enough for the second look at where the driver is.
  await pause(34_000);
  await picture('tracking', new URL(link, shop).href, { width: 390, height: 720 });
  await picture('sandbox', sandbox, { width: 1120, height: 640 }, async (page) => {
    await page.getByText('S-1044').first().click();
  });
  await picture('board', `${new URL(shop).origin}/board`, { width: 1120, height: 640 }, async (page) => {
    await page.getByText('S-1042').first().click();
  });
} finally {
  await browser.close();
  storefront.kill();
}

/** The links that the storefront prints. */
async function links() {
  let printed = '';
  // Read to its end: the storefront logs later, and would end if nobody read it.
  storefront.stdout.on('data', (chunk) => (printed += String(chunk)));
  while (!printed.includes('curl -i')) await pause(100);
  const [, shop = ''] = /(http\S+\/shop)/.exec(printed) ?? [];
  const [, sandbox = ''] = /^See Lalamove +(http\S+)/m.exec(printed) ?? [];
  return { shop, sandbox };
}

/**
 * Orders on the shop's page.
 *
 * @param {string} shop
 * @param {string} cart
 * @param {string} name
 * @param {string} place
 * @returns {Promise<string>} the link to the tracking page
 */
async function order(shop, cart, name, place) {
  const body = new URLSearchParams({ cart, name, place, phone: '5123 4567' });
  const thanks = await (await fetch(shop, { method: 'POST', body })).text();
  const [, link = ''] = /href="([^"]*\/track\/[^"]+)"/.exec(thanks) ?? [];
  return link;
}

/**
 * @param {string} name
 * @param {string} url
 * @param {{ width: number, height: number }} viewport
 * @param {(page: import('playwright-core').Page) => Promise<void>} prepare
 */
async function picture(name, url, viewport, prepare = () => Promise.resolve()) {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    const context = await browser.newContext({
      viewport,
      colorScheme,
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'Asia/Hong_Kong',
      httpCredentials: STAFF,
    });
    const page = await context.newPage();
    await page.goto(url);
    await prepare(page);
    await pause(4_000);
    const file = `${IMAGES}/${name}${colorScheme === 'dark' ? '-dark' : ''}.webp`;
    mkdirSync(IMAGES, { recursive: true });
    // By the debugger, because a WebP picture is a third of a PNG.
    const session = await context.newCDPSession(page);
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 85 });
    writeFileSync(file, Buffer.from(data, 'base64'));
    await context.close();
    const { size } = statSync(file);
    console.log(`${size <= MAX_BYTES ? 'ok' : 'TOO LARGE'}: ${file}, ${size} bytes`);
    if (size > MAX_BYTES) process.exitCode = 1;
  }
}
