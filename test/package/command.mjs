// Tests the commands as separate processes: `lalamove-sandbox`, which goes on after its clients end and stops on
// request, `lalamove-deliveries-migrate`, `lalamove-deliveries-copy`, `lalamove-doctor` and
// `lalamove-conformance`. After a build. The parts that need a PostgreSQL run if LALAMOVE_TEST_POSTGRES_URL is set.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Imported from the built package. */
const { SandboxControl } = await import(new URL('../../dist/esm/sandbox/index.js', import.meta.url).href);
const { openDatabase } = await import(new URL('../../dist/esm/deliveries/index.js', import.meta.url).href);

const cwd = fileURLToPath(new URL('../..', import.meta.url));
const children = new Set();
const folder = mkdtempSync(join(tmpdir(), 'lalamove-commands-'));

/**
 * Starts a Node process. It is killed at the end in any case.
 *
 * @param {string[]} args
 */
function startProcess(args) {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (printed.out += String(chunk)));
  child.stderr.on('data', (chunk) => (printed.err += String(chunk)));
  children.add(child);
  const ended = once(child, 'close').then(([code, signal]) => {
    children.delete(child);
    return { code, signal, ...printed };
  });
  return { child, printed, ended };
}

const command = (/** @type {string[]} */ ...args) => startProcess(['dist/esm/sandbox/command.js', ...args]);

/** The script of `npx lalamove-deliveries-migrate`. */
const { bin } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
const migrate = (/** @type {string[]} */ ...args) => startProcess([bin['lalamove-deliveries-migrate'], ...args]).ended;
const copy = (/** @type {string[]} */ ...args) => startProcess([bin['lalamove-deliveries-copy'], ...args]).ended;
const doctor = (/** @type {string[]} */ ...args) => startProcess([bin['lalamove-doctor'], ...args]).ended;
const conformance = (/** @type {string[]} */ ...args) => startProcess([bin['lalamove-conformance'], ...args]);
const postgres = process.env.LALAMOVE_TEST_POSTGRES_URL ?? '';

/**
 * Runs `lalamove-deliveries-migrate` without a package: its import fails as if it was not installed.
 *
 * @param {string} missing
 * @param {string[]} args
 */
function migrateWithout(missing, ...args) {
  const hooks = `export const resolve = (name, context, next) => {
    if (name !== ${JSON.stringify(missing)}) return next(name, context);
    throw Object.assign(new Error("Cannot find package '" + name + "'"), { code: 'ERR_MODULE_NOT_FOUND' });
  }`;
  const register = `import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}))`;
  const preload = `data:text/javascript,${encodeURIComponent(register)}`;
  return startProcess(['--import', preload, bin['lalamove-deliveries-migrate'], ...args]).ended;
}

/** Starts a sandbox on a free port and reads its URL and keys from its output. */
async function startSandbox(/** @type {string[]} */ ...args) {
  const sandbox = command('--port', '0', ...args);
  let isOver = false;
  void sandbox.ended.then(() => (isOver = true));
  while (!sandbox.printed.out.includes('Ctrl+C')) {
    assert.ok(!isOver, `It did not start: ${sandbox.printed.err}`);
    await Promise.race([once(sandbox.child.stdout, 'data'), sandbox.ended]);
  }
  const setting = (/** @type {string} */ name) =>
    new RegExp(`^${name}=(.+)$`, 'm').exec(sandbox.printed.out)?.[1] ?? '';
  const url = setting('LALAMOVE_BASE_URL');
  return {
    ...sandbox,
    url,
    apiKey: setting('LALAMOVE_API_KEY'),
    apiSecret: setting('LALAMOVE_API_SECRET'),
    control: SandboxControl.connect(url),
    stop: () => {
      sandbox.child.kill('SIGTERM');
      return sandbox.ended;
    },
  };
}

/** The arguments of the client below: the sandbox's URL and keys, and the request. */
const CLIENT = `
  const [url, apiKey, apiSecret, method, path, data] = process.argv.slice(1);
  const { createHmac } = await import('node:crypto');
  const timestamp = String(Date.now());
  const text = [timestamp, method, path, '', data].join('\\r\\n');
  const signature = createHmac('sha256', apiSecret).update(text).digest('hex');
  const headers = { authorization: 'hmac ' + [apiKey, timestamp, signature].join(':'), market: 'HK' };
  const answer = await fetch(url + path, { method, headers, ...(data && { body: data }) });
  console.log(await answer.text());
`;

/**
 * Calls the API from a separate process.
 *
 * @param {{ url: string, apiKey: string, apiSecret: string }} sandbox
 * @param {string} method
 * @param {string} path
 * @param {object} [data]
 */
function startClient({ url, apiKey, apiSecret }, method, path, data) {
  const body = data ? JSON.stringify({ data }) : '';
  return startProcess(['--input-type=module', '-e', CLIENT, url, apiKey, apiSecret, method, path, body]);
}

/**
 * Calls the API from this process.
 *
 * @param {{ url: string, apiKey: string, apiSecret: string }} sandbox
 * @param {string} method
 * @param {string} path
 * @param {object} [data]
 */
async function call({ url, apiKey, apiSecret }, method, path, data) {
  const body = data ? JSON.stringify({ data }) : '';
  const timestamp = String(Date.now());
  const text = [timestamp, method, path, '', body].join('\r\n');
  const signature = createHmac('sha256', apiSecret).update(text).digest('hex');
  const headers = { authorization: `hmac ${apiKey}:${timestamp}:${signature}`, market: 'HK' };
  const answer = await fetch(url + path, { method, headers, ...(data && { body }) });
  return { status: answer.status, headers: answer.headers, body: JSON.parse(await answer.text()) };
}

const QUOTATION = {
  serviceType: 'MOTORCYCLE',
  language: 'en_HK',
  stops: [{ address: 'First street' }, { address: 'Second street' }],
};

/** @param {{ url: string, apiKey: string, apiSecret: string }} sandbox */
async function orderOn(sandbox) {
  const { quotationId, stops } = (await call(sandbox, 'POST', '/v3/quotations', QUOTATION)).body.data;
  const [from, to] = stops.map((/** @type {{ stopId: string }} */ { stopId }) => stopId);
  const person = { name: 'Ada', phone: '+85251234567' };
  return { quotationId, sender: { stopId: from, ...person }, recipients: [{ stopId: to, ...person }] };
}

/** Waits for a line of the log; earlier lines count. */
async function lineOf(/** @type {any} */ control, /** @type {(line: any) => boolean} */ isWanted) {
  for await (const line of control.watch({ since: 0 })) if (isWanted(line)) return line;
  return assert.fail('The log has ended.');
}

let failed = 0;

/**
 * @param {string} name
 * @param {() => Promise<void>} prove
 * @param {string} [of]
 */
async function check(name, prove, of = 'lalamove-sandbox') {
  try {
    await prove();
    console.log(`ok: ${of} ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED: ${of} ${name}\n${error instanceof Error ? error.stack : String(error)}`);
  }
}

/** Wrong arguments, and the expected message. */
const MISTAKES = /** @type {[string[], RegExp][]} */ ([
  [['--port', 'http'], /--port must be a number/],
  [['--port', '65536'], /--port must be a number/],
  [['--port', '-1'], /port/],
  [['--port='], /--port must be a number/],
  [['--nonsense'], /--nonsense/],
  [['4010'], /4010/],
  [['--seed'], /--seed/],
  [['--speed', 'fast'], /speed.* must be a number/],
  [['--speed=-1'], /speed.* must be a number/],
  [['--speed='], /speed.* must be a number/],
  [['--start-at', 'yesterday'], /"yesterday" is not a time/],
  [['--drivers', 'asleep'], /"asleep" is not a script .* prompt/],
  [['--rate-limits', 'few'], /--rate-limits must be/],
  [['--dialect', 'v1'], /--dialect must be/],
  [['--cities', 'nowhere.json'], /--cities: nowhere\.json is not a file with JSON/],
  [['--cities', 'package.json'], /cities must be an array/],
  [['--host', '203.0.113.1', '--port', '0'], /203\.0\.113\.1/],
]);

try {
  await check('prints its URL and keys, and answers API and control', async () => {
    const sandbox = await startSandbox();
    assert.match(sandbox.printed.out, /^The sandbox listens on http:\/\/127\.0\.0\.1:\d+\n/);
    assert.deepEqual([sandbox.apiKey, sandbox.apiSecret], ['pk_test_sandbox', 'sk_test_sandbox']);
    assert.equal((await call(sandbox, 'GET', '/v3/cities')).status, 200);
    const placed = await call(sandbox, 'POST', '/v3/orders', await orderOn(sandbox));
    assert.deepEqual((await sandbox.control.ledger()).total.live, [placed.body.data.orderId]);
    const [, curl = ''] = /^Its control API: curl (.+)$/m.exec(sandbox.printed.out) ?? [];
    assert.equal((await fetch(curl)).status, 200);
    assert.equal((await sandbox.stop()).err, '');
  });

  await check('takes what it is told into account', async () => {
    const start = Date.parse('2027-03-01T00:00:00Z');
    const [sandbox, twin, other] = await Promise.all([
      startSandbox('--seed', 'a', '--drivers', 'prompt', '--speed', '0', '--start-at', '2027-03-01T00:00:00Z'),
      startSandbox('--seed', 'a', '--api-key', 'pk_test_a', '--api-secret', 'sk_test_a', '--rate-limits', 'off'),
      startSandbox('--seed', 'b', '--dialect', 'v2', '--speed', '60', '--delivery-codes', '--host', 'localhost'),
    ]);
    assert.deepEqual(await sandbox.control.clock(), { now: new Date(start).toISOString(), speed: 0 });
    assert.equal((await other.control.clock()).speed, 60);
    assert.equal((await twin.control.clock()).speed, 1);
    assert.deepEqual([twin.apiKey, twin.apiSecret], ['pk_test_a', 'sk_test_a']);

    const orders = [];
    for (const each of [sandbox, twin, other]) orders.push(await orderOn(each));
    const [first, second, third] = orders.map(({ quotationId }) => quotationId);
    assert.equal(first, second);
    assert.notEqual(first, third);

    const { headers } = await call(sandbox, 'POST', '/v3/orders', orders[0]);
    assert.equal(headers.get('ratelimits-limit-postorder'), '30');
    assert.equal((await call(twin, 'POST', '/v3/orders', orders[1])).headers.get('ratelimits-limit-postorder'), null);
    const coded = await call(other, 'POST', '/v3/orders', orders[2]);
    assert.match(coded.body.data.stops[1].delivery_code.value, /^\d{4}$/);
    const older = await startSandbox('--validation', 'codes');
    const coded422 = await call(older, 'POST', '/v3/quotations', { stops: [] });
    assert.deepEqual([coded422.status, coded422.body.errors[0].id], [422, 'ERR_INSUFFICIENT_STOPS']);
    await older.stop();
    const refused = await call(other, 'POST', '/v3/quotations', { stops: [] });
    assert.deepEqual([refused.status, refused.body], [409, { message: 'ERR_INSUFFICIENT_STOPS' }]);

    await sandbox.control.advance('2h');
    assert.equal((await sandbox.control.ledger()).total.completed.length, 1);
    for (const each of [sandbox, twin, other]) await each.stop();
  });

  await check('--help tells how to use it', async () => {
    const { code, out, err } = await command('--help').ended;
    assert.deepEqual([code, err], [0, '']);
    for (const option of [
      'port',
      'host',
      'validation',
      'api-key',
      'api-secret',
      'seed',
      'drivers',
      'speed',
      'start-at',
    ]) {
      assert.match(out, new RegExp(`--${option}\\b`));
    }
  });

  await check('says what is wrong with its arguments, and ends with 1', async () => {
    const ends = await Promise.all(MISTAKES.map(async ([args]) => Promise.race([command(...args).ended, tooLate()])));
    const wrong = ends.flatMap(({ code, out, err }, index) => {
      const [args = [], message = /^/] = MISTAKES[index] ?? [];
      const [told = ''] = err.split('\n', 1);
      const isRight = code === 1 && out === '' && message.test(told) && !/\n\s+at /.test(err);
      return isRight ? [] : [`${args.join(' ')}: ended with ${code}, and said ${JSON.stringify(told)}`];
    });
    assert.deepEqual(wrong, []);
  });

  await check('says that its port is in use, and ends with 1', async () => {
    const sandbox = await startSandbox();
    const { port } = new URL(sandbox.url);
    const { code, out, err } = await command('--port', port).ended;
    assert.deepEqual([code, out], [1, '']);
    assert.match(err.split('\n', 1)[0] ?? '', new RegExp(`in use.*${port}`));
    assert.doesNotMatch(err, /\n\s+at /);
    assert.equal((await call(sandbox, 'GET', '/v3/cities')).status, 200);
    await sandbox.stop();
  });

  await check('goes on when clients go away in mid-request', async () => {
    const sandbox = await startSandbox();
    const { port, host } = new URL(sandbox.url);
    const head = `POST /v3/orders HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n`;
    for (const start of ['', 'POST /v3', head, `${head}content-length: 100\r\n\r\n{"da`, `${head}\r\n\0\r\n\r\n`]) {
      const socket = connect(Number(port), '127.0.0.1');
      await once(socket, 'connect');
      socket.on('error', () => undefined);
      await new Promise((written) => socket.write(start, written));
      socket.resetAndDestroy();
    }
    const watcher = startProcess([
      '-e',
      `fetch('${sandbox.url}/_sandbox/events?since=0').then(() => console.log('it watches'))`,
    ]);
    while (!watcher.printed.out.includes('it watches')) await once(watcher.child.stdout, 'data');
    watcher.child.kill('SIGKILL');
    await watcher.ended;
    assert.equal((await call(sandbox, 'GET', '/v3/cities')).status, 200);
    assert.equal((await sandbox.stop()).err, '');
  });

  await check('outlives a host that is killed in mid-request, and has carried its request out', async () => {
    const sandbox = await startSandbox();
    const order = await orderOn(sandbox);
    await sandbox.control.addFault({ call: 'placeOrder', latencyMs: 300 });
    const host = startClient(sandbox, 'POST', '/v3/orders', order);
    await lineOf(sandbox.control, ({ kind, operation }) => kind === 'request' && operation === 'placeOrder');
    host.child.kill('SIGKILL');
    const { signal, out } = await host.ended;
    assert.deepEqual([signal, out], ['SIGKILL', '']);
    const { orderId } = await lineOf(sandbox.control, ({ kind, type }) => kind === 'event' && type === 'ORDER_CREATED');
    const { live } = (await sandbox.control.ledger()).byQuotation[order.quotationId];
    assert.deepEqual(live, [orderId]);
    const next = startClient(sandbox, 'GET', `/v3/orders/${orderId}`);
    assert.match((await next.ended).out, /ASSIGNING_DRIVER/);
    await sandbox.stop();
  });

  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
    await check(`ends with 0 on ${signal}, whatever is open`, async () => {
      const sandbox = await startSandbox('--drivers', 'prompt');
      const lost = (/** @type {Promise<unknown>} */ promise) => promise.catch(() => undefined);
      await call(sandbox, 'POST', '/v3/orders', await orderOn(sandbox));
      await sandbox.control.addFault({ call: 'getCities', answer: 'hang' });
      const watching = lost(lineOf(sandbox.control, () => false));
      const hanging = lost(call(sandbox, 'GET', '/v3/cities'));
      await lineOf(sandbox.control, ({ kind, operation }) => kind === 'request' && operation === 'getCities');
      sandbox.child.kill(signal);
      const { code, signal: by, err } = await Promise.race([sandbox.ended, tooLate()]);
      assert.deepEqual([code, by, err], [0, null, '']);
      await Promise.all([watching, hanging]);
    });
  }

  await check(
    'makes tables once, and refuses a file that is in use, and wrong arguments',
    async () => {
      const file = join(folder, 'data', 'deliveries.db');
      const done = { code: 0, signal: null, out: `The tables of deliveries in ${file} are up to date.\n`, err: '' };
      assert.deepEqual(await migrate(file), done);
      const db = await openDatabase({ file, migrate: false });
      const { err, ...refused } = await migrate(file);
      assert.deepEqual(refused, { code: 1, signal: null, out: '' });
      assert.match(err, /^The deliveries' file .*deliveries\.db is in use by another process: .*\n$/);
      await db.destroy();
      assert.deepEqual(await migrate(file), done);
      const usage = {
        code: 2,
        signal: null,
        out: '',
        err:
          'Usage: lalamove-deliveries-migrate FILE [--accept-restored]\n' +
          '       lalamove-deliveries-migrate postgres://USER@HOST/DATABASE [--schema NAME] [--restored | --moved]\n',
      };
      for (const args of [[], [''], ['--nonsense'], [file, file]]) assert.deepEqual(await migrate(...args), usage);
      assert.deepEqual(readdirSync(folder), ['data']);
    },
    'lalamove-deliveries-migrate',
  );

  await check(
    'loads only the driver that it needs, and never prints a password',
    async () => {
      const file = join(folder, 'drivers', 'deliveries.db');
      assert.equal((await migrateWithout('pg', file)).code, 0);
      const url = 'postgres://shop:hunter2@127.0.0.1:1/shop';
      const without = await migrateWithout('pg', url);
      assert.deepEqual([without.code, without.err], [1, 'PostgreSQL needs the package pg: npm install pg\n']);
      const away = await migrateWithout('libsql', url);
      assert.equal(away.code, 1);
      assert.match(away.err, /ECONNREFUSED/);
      assert.doesNotMatch(away.out + away.err, /hunter2/);
    },
    'lalamove-deliveries-migrate',
  );

  await check(
    'refuses wrong arguments, a missing file and an absent server',
    async () => {
      const url = 'postgres://shop:hunter2@127.0.0.1:1/shop';
      const file = join(folder, 'copied.db');
      for (const args of [[], ['--from', file], ['--to', url], [file, url]]) {
        const { code, out, err } = await copy(...args);
        assert.deepEqual([code, out], [2, '']);
        assert.match(err, /^Usage: lalamove-deliveries-copy --from FILE --to postgres:/);
      }
      assert.match((await copy('--from', file, '--to', url)).err, /copied\.db does not exist/);
      assert.equal((await migrate(file)).code, 0);
      const away = await copy('--from', file, '--to', url);
      assert.deepEqual([away.code, away.out], [1, '']);
      assert.match(away.err, /ECONNREFUSED/);
      assert.doesNotMatch(away.err, /hunter2/);
    },
    'lalamove-deliveries-copy',
  );

  await check(
    'examines an account, and ends with 0, 1 or 2',
    async () => {
      const sandbox = await startSandbox();
      const { url, apiKey, apiSecret } = sandbox;
      const args = ['--base-url', url, '--api-key', apiKey, '--market', 'HK'];
      const well = await doctor(...args, '--api-secret', apiSecret);
      assert.deepEqual([well.code, well.err], [0, '']);
      assert.match(well.out, /^ok +signature /m);
      const ill = await doctor(...args, '--api-secret', 'sk_test_other', '--json');
      assert.deepEqual([ill.code, ill.err, JSON.parse(ill.out).ok], [1, '', false]);
      assert.doesNotMatch(ill.out, /sk_test_other/);
      assert.equal((await doctor('--nonsense')).code, 2);
      await sandbox.stop();
    },
    'lalamove-doctor',
  );

  await check(
    'compares two sandboxes, and cancels its orders when it is interrupted',
    async () => {
      const sandbox = await startSandbox();
      const { url, apiKey, apiSecret } = sandbox;
      const args = ['--base-url', url, '--api-key', apiKey, '--api-secret', apiSecret, '--market', 'HK'];
      const whole = await conformance(...args).ended;
      assert.equal(whole.code, 0, whole.out);
      const stopped = conformance(...args);
      while (!/^get-order$/m.test(stopped.printed.err)) await once(stopped.child.stderr, 'data');
      stopped.child.kill('SIGINT');
      const { code, out } = await stopped.ended;
      assert.equal(code, 1);
      assert.match(out, /The scenario was interrupted/);
      assert.deepEqual((await sandbox.control.ledger()).total.live, []);
      await sandbox.stop();
    },
    'lalamove-conformance',
  );

  if (postgres === '')
    console.log('left out: lalamove-deliveries-copy to a PostgreSQL (no LALAMOVE_TEST_POSTGRES_URL)');
  else
    await check(
      'copies once, and retires the file',
      async () => {
        const { default: pg } = await import('pg');
        const schema = `command_${process.pid}_${Date.now()}`;
        const file = join(folder, 'moved.db');
        const args = ['--from', file, '--to', postgres, '--schema', schema];
        try {
          assert.equal((await migrate(file)).code, 0);
          assert.equal((await migrate(postgres, '--schema', schema)).code, 0);
          const first = await copy(...args);
          assert.deepEqual([first.code, first.err], [0, '']);
          assert.match(first.out, /^deliveries +0 +0 +(\w{16}) +\1$/m);
          const second = await copy(...args, '--retire');
          assert.match(second.out, /Renamed the file to .*moved\.db\.copied/);
          assert.equal((await migrate(file)).code, 1);
        } finally {
          const client = new pg.Client(postgres);
          await client.connect();
          await client.query(`drop schema if exists ${schema} cascade`);
          await client.end();
        }
      },
      'lalamove-deliveries-copy',
    );
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
}
process.exitCode = failed > 0 ? 1 : 0;

/** The result for a process that does not end in time. */
async function tooLate() {
  const { setTimeout: wait } = await import('node:timers/promises');
  await wait(30_000, undefined, { ref: false });
  return { code: 'nothing', signal: undefined, out: '', err: 'It did not end.' };
}
