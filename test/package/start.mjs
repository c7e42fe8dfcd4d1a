// Tests the README's first command: the storefront listens, and the printed commands quote, book once and track. After
// a build.
import { SandboxControl } from 'nestjs-lalamove/sandbox';
import { execFileSync, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const storefront = spawn(process.execPath, ['dist/examples/storefront/main.js'], {
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  env: { ...process.env, PORT: '0', LALAMOVE_API_KEY: '' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  let printed = '';
  for await (const chunk of storefront.stdout) {
    printed += String(chunk);
    if (printed.includes('curl -i')) break;
  }
  const lines = printed.split('\n').filter((line) => line.startsWith('curl -s'));
  const answers = lines.map((line) => JSON.parse(execFileSync('bash', ['-euc', line], { encoding: 'utf8' })));
  const [quotation, booked, again] = answers;
  const orderIds = await follow(lines[3] ?? '');
  const right =
    lines.length === 5 &&
    quotation.priceBreakdown.currency === 'HKD' &&
    booked.state === 'requested' &&
    again.createdAt === booked.createdAt &&
    answers[4][0].event.type === 'requested' &&
    orderIds.length === 1;
  console.log(
    right
      ? 'ok: npm start, and its five lines'
      : `FAILED: npm start\n${printed}\n${JSON.stringify({ answers, orderIds })}`,
  );
  process.exitCode = right ? 0 : 1;

  /**
   * Polls until there is an order, then returns all orders that were placed.
   *
   * @param {string} status the line that shows the delivery's status
   */
  async function follow(status) {
    for (let tries = 0; tries < 100; tries += 1) {
      const { orderId } = JSON.parse(execFileSync('bash', ['-euc', status], { encoding: 'utf8' }));
      if (orderId !== undefined) break;
      await pause(50);
    }
    const [, url = ''] = /^Couriers and money: curl (\S+)\/_sandbox\/ledger$/m.exec(printed) ?? [];
    return (await SandboxControl.connect(url).ledgerFor({ reference: 'A-1' })).orderIds;
  }
} finally {
  storefront.kill();
}
