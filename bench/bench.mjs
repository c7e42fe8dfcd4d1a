// Measures a call beside its peers, a webhook, a refusal, an import, the package itself and a delivery. After a build:
//   node bench/bench.mjs [--rounds 5] [--calls 4000] [--stored 0,100000,1000000] [--deliveries 200]
// [--only calls|webhooks|deliveries] A million stored deliveries need 3 GB in the folder for temporary files.
//   node bench/bench.mjs --only scale [--rounds 3] [--calls 4000] [--stored 0,100000,1000000] [--processes 1,2,4]
// [--deliveries 200] measures deliveries in PostgreSQL: that of LALAMOVE_TEST_POSTGRES_URL in a schema of its own, or a
// private one. A million stored deliveries need 5 GB there. bench/profile.mjs shows where a call spends its time.
import { parseArgs } from 'node:util';
import { OURS, PEER, PEER_STUBBED, STUBBED } from './client/contenders.mjs';
import { measureImports, measureLimiter, measureTranslation, packedFiles, sizeOf } from './client/figures.mjs';
import { measureDeliveries } from './deliveries/load.mjs';
import { scaleText } from './deliveries/scale-tables.mjs';
import { measureScale } from './deliveries/scale.mjs';
import { figure, machine, median, noise, ratio, table } from './client/report.mjs';
import { ALLOCATION_CALLS, countDefaultConnections, measureAllocation, measureCpu, METHODS } from './client/rounds.mjs';
import { BARE_SERVER, measureWebhooks, measureWebhookServers } from './client/webhooks.mjs';

const NAMES = { GET: 'getOrder', POST: 'placeOrder' };

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    calls: { type: 'string', default: '4000' },
    stored: { type: 'string', default: '0,100000,1000000' },
    deliveries: { type: 'string', default: '200' },
    processes: { type: 'string', default: '1,2,4' },
    only: { type: 'string' },
  },
});
const rounds = Number(values.rounds ?? (values.only === 'scale' ? 3 : 5));
const calls = Number(values.calls);
const deliveries = Number(values.deliveries);
const stored = values.stored.split(',').map(Number);
const processes = values.processes.split(',').map(Number);
if (![rounds, calls, deliveries, ...processes].every((count) => Number.isInteger(count) && count > 0)) {
  throw new Error('--rounds, --calls, --deliveries and --processes are whole numbers above 0.');
}
if (!stored.every((count) => Number.isInteger(count) && count >= 0)) {
  throw new Error('--stored are whole numbers, with commas between them.');
}
const PARTS = { calls: measureCalls, webhooks: measureReceiving, deliveries: measureSeeingThrough };
/** Only if it is asked for, because it needs a PostgreSQL. */
const MORE_PARTS = { scale: measureProcesses };
const names = Object.keys({ ...PARTS, ...MORE_PARTS });
if (values.only !== undefined && !names.includes(values.only)) throw new Error(`--only is ${names.join(' or ')}.`);

const say = (text) => console.error(`… ${text}`);

/** A row of the first table. */
function row(what, figures, { peer, bar, aim, of = median(figures), isLeast = false } = {}) {
  const compared = peer && ratio(figures, peer.figures);
  const held = bar === undefined ? '' : (isLeast ? of >= bar : of <= bar) ? 'held' : 'missed';
  return [
    what,
    figure(median(figures)),
    noise(figures),
    peer ? `${figure(compared)} × ${peer.name} (${figure(median(peer.figures))})` : '',
    bar === undefined ? '' : `${isLeast ? '≥' : '≤'} ${bar}${aim ? `, aim ${aim}` : ''}`,
    held,
  ];
}

function cpuRows(cpu) {
  return METHODS.map((method) => {
    const [figures, peer] = [OURS, PEER].map((name) => cpu[method].get(name));
    const bar = { peer: { name: 'lalamove-js', figures: peer }, bar: 1, aim: 0.8, of: ratio(figures, peer) };
    return row(`CPU of \`${NAMES[method]}\`, µs a call`, figures, bar);
  });
}

function limiterRows(limiter) {
  return METHODS.map((method) => {
    const what = `limiter with free tokens, \`${NAMES[method]}\`, µs`;
    return row(what, limiter[method], { bar: 5 });
  });
}

function webhookRows(webhooks) {
  return [...webhooks].flatMap(([eventType, { bytes, bare, verified, typed }]) => {
    const what = `webhook of ${bytes} B, \`${eventType}\``;
    const peer = { name: 'bare HMAC and JSON.parse', figures: bare };
    return [
      row(`${what}: sliced, verified and parsed, µs`, verified, { peer, bar: 1.5, of: ratio(verified, bare) }),
      row(`${what}: by \`verify()\`, typed and frozen, µs`, typed, { peer, bar: 1.5, of: ratio(typed, bare) }),
    ];
  });
}

function serverTable(servers) {
  const peer = servers.get(BARE_SERVER);
  const rows = [...servers].map(([name, { perSecond, microseconds }]) => [
    name === BARE_SERVER ? 'node:http, bare HMAC and JSON' : `nestjs-lalamove on ${name}, with a handler`,
    figure(median(perSecond)),
    noise(perSecond),
    figure(ratio(perSecond, peer.perSecond)),
    figure(median(microseconds)),
    noise(microseconds),
    figure(ratio(microseconds, peer.microseconds)),
  ]);
  const columns = ['min–max', '× bare', 'CPU µs each', 'min–max', '× bare'];
  return table(['webhooks of 1 KB received', 'a second', ...columns], rows);
}

function contenderTable(cpu) {
  const rows = [...cpu.GET.keys()].map((name) => {
    const peer = name in STUBBED ? PEER_STUBBED : PEER;
    return [
      name,
      ...METHODS.flatMap((method) => {
        const figures = cpu[method].get(name);
        return [figure(median(figures)), noise(figures), figure(ratio(figures, cpu[method].get(peer)))];
      }),
    ];
  });
  return table(['CPU µs a call', 'GET', 'min–max', '× peer', 'POST', 'min–max', '× peer'], rows);
}

function allocationTable(allocation) {
  const rows = [...allocation.GET.keys()].map((name) => {
    const answers = METHODS.map((method) => allocation[method].get(name));
    const heaps = METHODS.map((method) =>
      [name, PEER].map((who) => allocation[method].get(who).map(({ heap }) => heap)),
    );
    return [
      name,
      ...heaps.flatMap(([heap, peer], index) => [
        figure(median(heap)),
        noise(heap),
        figure(ratio(heap, peer)),
        figure(median(answers[index].map(({ external }) => external))),
      ]),
      answers.flat().reduce((sum, { collections }) => sum + collections, 0),
    ];
  });
  const columns = METHODS.flatMap((method) => [`${method}, heap`, 'min–max', '× peer', 'buffers']);
  return table(['bytes a call', ...columns, 'collections'], rows);
}

function sizeTable(files) {
  const isIn = (build) => (file) => file.path.startsWith(`dist/${build}/`);
  const isCode = (file) => file.path.endsWith('.js');
  const isTypes = (file) => file.path.endsWith('.d.ts');
  const parts = {
    'all of the core': () => true,
    ESM: isIn('esm'),
    'ESM, `.js`': (file) => isIn('esm')(file) && isCode(file),
    'ESM, `.d.ts`': (file) => isIn('esm')(file) && isTypes(file),
    CommonJS: isIn('cjs'),
    'CommonJS, `.js`': (file) => isIn('cjs')(file) && isCode(file),
    'CommonJS, `.d.ts`': (file) => isIn('cjs')(file) && isTypes(file),
  };
  const rows = Object.entries(parts).map(([name, isPart]) => {
    const { count, plain, zipped } = sizeOf(files.filter(isPart));
    return [name, count, figure(plain / 1000), figure(zipped / 1000)];
  });
  return table(['packed, kB', 'files', 'plain', 'gzip'], rows);
}

/** Measures calls, refusals, imports and the package: rows of the first table, and the text below it. */
async function measureCalls() {
  say('the size of the package');
  const files = packedFiles();
  say('importing');
  const imports = measureImports();
  say('translating refusals, asking the limiter');
  const { bare, translated } = await measureTranslation({ rounds });
  const limiter = await measureLimiter({ rounds, methods: METHODS });
  say(`calling: ${rounds} rounds of ${calls} calls each`);
  const cpu = await measureCpu({ rounds, calls });
  say('allocating');
  const allocation = await measureAllocation({ rounds });
  const connections = await countDefaultConnections();

  const [esm, cjs, ...sdk] = imports.values();
  const [importBar, requireBar] = sdk.map((figures) => ({ peer: { name: 'lalamove-js', figures }, bar: 15 }));
  const { zipped } = sizeOf(files);
  const rows = [
    ...cpuRows(cpu),
    ...limiterRows(limiter),
    ...translated.map(([name, figures]) =>
      row(`response → exception, ${name}, µs`, figures, {
        peer: { name: 'a bare HttpException', figures: bare },
        bar: 10,
      }),
    ),
    row(`import beyond Nest, axios and class-validator, ESM, ms, of ${esm.length} processes`, esm, importBar),
    row(`import beyond Nest, axios and class-validator, CommonJS, ms, of ${cjs.length} processes`, cjs, requireBar),
    row("the core's own files in the tarball, as packed, kB", [zipped / 1000], { bar: 150 }),
  ];
  const text = `CPU of the client's process alone, user and system. The peer is \`${PEER}\`; without a network it is
the \`HttpService\` with the same stub.

${contenderTable(cpu)}

All have a keep-alive agent of the same kind. With its own agent (\`https.globalAgent\`), \`lalamove-js\` made
${connections.made} connections for ${connections.calls} calls.

How much \`heapUsed\` grows over ${ALLOCATION_CALLS} calls in a process whose young space holds all of them, so that
nothing is collected (a count above 0 makes a row void). Buffers are outside the heap.

${allocationTable(allocation)}

${sizeTable(files)}`;
  return { rows, text };
}

/** Measures webhooks: rows, and the text below them. */
async function measureReceiving() {
  say('verifying webhooks');
  const webhooks = await measureWebhooks({ rounds });
  say(`receiving: ${rounds} rounds of ${calls} webhooks each`);
  const servers = await measureWebhookServers({ rounds, count: calls });
  const text = `Each server and the sender are separate processes. The sender has 50 requests in flight over open
connections. Every webhook is a distinct event, and is handled.

${serverTable(servers)}`;
  return { rows: webhookRows(webhooks), text };
}

/** Measures deliveries: rows, and the text below them. */
async function measureSeeingThrough() {
  const load = { rounds, deliveries, events: Math.max(50, calls >> 1) };
  const figures = await measureDeliveries({ stored, ...load });
  const [empty] = figures.values();
  const rows = [...figures].flatMap(([count, { cpuMs, rate, p99 }]) => {
    const peer = { name: 'with the first file', figures: empty.cpuMs };
    return [
      row(`a delivery, booked to completed, ${count} stored: CPU, ms`, cpuMs, { peer, bar: 10 }),
      row(`webhooks stored before their 200, ${count} stored: a second`, rate, { bar: 1000, isLeast: true }),
      row(`webhooks stored before their 200, ${count} stored: p99, ms`, p99, { bar: 50 }),
    ];
  });
  const sizes = [...figures].map(([count, { p50, rssMb, fileMb }]) => [
    String(count),
    figure(median(p50)),
    figure(rssMb),
    figure(fileMb),
  ]);
  const text = `The host is a separate process with its database in a file. The sandbox, which sends the webhooks of
deliveries, and the sender of ${load.events} webhooks share the cores with it. ${deliveries} deliveries at once.

${table(['deliveries stored', 'webhooks, p50 ms', 'memory of the host, MB', 'file, MB'], sizes)}`;
  return { rows, text };
}

/** Measures several processes on PostgreSQL: rows, and the text below them. */
async function measureProcesses() {
  const load = { rounds, deliveries, webhooks: calls };
  const { cells, settings } = await measureScale({ stored, processes, ...load });
  const rows = cells.flatMap(({ stored: count, hosts, webhooks }) => {
    const [perSecond, p99] = ['perSecond', 'p99'].map((name) => webhooks.map((figures) => figures[name]));
    const what = `webhooks stored before their 200, ${count} stored, ${hosts} processes`;
    return [
      row(`${what}: a second`, perSecond, { bar: 2000, isLeast: true }),
      row(`${what}: p99, ms`, p99, { bar: 50 }),
    ];
  });
  return { rows, text: scaleText(cells, settings) };
}

const measured = [];
const asked = Object.entries(values.only === 'scale' ? MORE_PARTS : PARTS);
for (const [name, measure] of asked) {
  if (values.only === undefined || values.only === name) measured.push(await measure());
}

console.log(`
${machine()}. 50 requests in flight over loopback, medians of ${rounds} rounds of ${calls} calls.

${table(
  ['what', 'median', 'min–max', 'beside', 'bar', ''],
  measured.flatMap(({ rows }) => rows),
)}

${measured.map(({ text }) => text).join('\n\n')}`);
