import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { Test, type TestingModule } from '@nestjs/testing';
import { ERROR_CATALOG, LalamoveModule, LalamoveService, type Order } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { ENDPOINTS, type Endpoint } from '../../src/api/endpoints.js';
import { declarationsIn, fieldsOf } from './declared-fields.js';
import { EveryCall } from './examples/every-call.js';
import { read } from './fences.js';
import { namesOf, table } from './pages.js';

const PAGE = read('docs/reference/calls.md');
const ENDPOINT_ROWS: [string, Endpoint][] = Object.entries(ENDPOINTS);

/** The text below the heading of a method. */
function sectionOf(method: string): string {
  return (PAGE.split(`\n## \`${method}\`\n`)[1] ?? '').split('\n## ')[0] ?? '';
}

const requests = declarationsIn('src/api/requests');
const answers = declarationsIn('src/api/answers');

/** The tables of the page that describe a class or an interface. */
const DESCRIBED = [...PAGE.matchAll(/^\| `(\w+)`\s+\| type\s+\| (required|always)/gm)].map(([, name = '', column]) => ({
  name,
  kind: column === 'required' ? 'input' : 'answer',
}));

describe('docs/reference/calls.md', () => {
  it('has a section for every method of LalamoveService', () => {
    const methods = Object.getOwnPropertyNames(LalamoveService.prototype).filter((name) => name !== 'constructor');
    const sections = [...PAGE.matchAll(/^## `(\w+)`$/gm)].map(([, name]) => name);
    expect(sections.sort()).toEqual(methods.sort());
  });

  it('describes every input and every answer', () => {
    const inputs = [...requests.keys()].filter((name) => name.endsWith('Dto'));
    // These two have no table of their own: their fields are in the tables of the classes that extend them.
    const concrete = inputs.filter((name) => !['ContactDto', 'OrderOptionsDto'].includes(name));
    const named = DESCRIBED.map(({ name }) => name);
    expect(named.sort()).toEqual([...concrete, ...answers.keys()].sort());
  });

  it.each(DESCRIBED)('has the fields of $name, with their types', ({ name, kind }) => {
    const rows = table(PAGE, `\`${name}\``);
    const documented = rows.map(([field, type = '', needed]) => [field, type.replaceAll('\\|', '|'), needed === 'yes']);
    const declared = fieldsOf(name, kind === 'input' ? requests : answers);
    const isOneOfTwo = name === 'QuotationStopDto';
    expect(documented.sort()).toEqual(
      declared
        .map(({ name: field, type, isOptional }) => [`\`${field}\``, `\`${type}\``, !isOptional && !isOneOfTwo])
        .sort(),
    );
    expect(rows.length).toBeGreaterThan(0);
  });

  it.each(ENDPOINT_ROWS)('has the request, the limits and the repetition of %s', (method, facts) => {
    const text = sectionOf(method);
    const { sandbox, production } = facts.perMinute;
    expect(text).toContain(`- Request: \`${facts.method} ${facts.path}\`\n`);
    expect(text).toMatch(facts.repeatable ? /^- Sent again: yes/m : /^- Sent again: \*\*only if surely not done\*\*$/m);
    const limit = facts.perSecond === undefined ? '' : `, and at most ${facts.perSecond} a second`;
    expect(text).toContain(`- Requests a minute: ${sandbox} (sandbox), ${production} (production)${limit}`);
    expect(text.includes('`LALAMOVE_OUTCOME_UNKNOWN`')).toBe(!facts.repeatable);
    expect(text).toMatch(/^- Lalamove's guide: \[.+\]\(https:\/\/developers\.lalamove\.com\/(#[\w-]+)?\)$/m);
  });

  it('names codes that exist', () => {
    const known: string[] = ERROR_CATALOG.map(({ code }) => code);
    const named = [...PAGE.matchAll(/`((?:ERR|LALAMOVE)_[A-Z_]+)`/g)].map(([, code = '']) => code);
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((code) => !known.includes(code))).toEqual([]);
  });

  it('has all methods in the table of the guide, too', () => {
    const named = namesOf(table(read('docs/guides/calls.md'), 'method'));
    expect(named.sort()).toEqual(Object.keys(ENDPOINTS).sort());
  });
});

describe('the example of each call', () => {
  let sandbox: LalamoveSandbox;
  let module: TestingModule;
  let probed: Server;
  let calls: EveryCall;

  beforeAll(async () => {
    sandbox = await LalamoveSandbox.start({ drivers: 'prompt' });
    const { apiKey, apiSecret, url: baseUrl, clock } = sandbox;
    const account = LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK', baseUrl, clock, rateLimit: false });
    module = await Test.createTestingModule({ imports: [account], providers: [EveryCall] }).compile();
    calls = module.get(EveryCall);
    probed = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
    await new Promise((resolve) => probed.once('listening', resolve));
  });

  afterAll(async () => {
    probed.close();
    await module.close();
    await sandbox.stop();
  });

  const order = async (): Promise<Order> => calls.placeOrder(await calls.createQuotation());

  it('quotes, orders, raises the fee and cancels', async () => {
    const quotation = await calls.createQuotation();
    expect((await calls.getQuotation(quotation.quotationId)).quotationId).toBe(quotation.quotationId);
    const { orderId } = await calls.placeOrder(quotation);
    expect(await calls.addPriorityFee(orderId)).toMatchObject({ priceBreakdown: { priorityFee: '20' } });
    await calls.cancelOrder(orderId);
    expect(await calls.getOrder(orderId)).toMatchObject({ status: 'CANCELED', metadata: { reference: 'A-1' } });
  });

  it('finds the driver, edits the order and changes the driver', async () => {
    const { orderId } = await order();
    await sandbox.control.setScript(orderId, 'still');
    await sandbox.control.moveOrder(orderId, 'ON_GOING');
    await sandbox.advance('16m');
    const { driverId } = await calls.getOrder(orderId);
    expect(await calls.getDriver(orderId, driverId)).toMatchObject({ driverId });
    const edited = await calls.editOrder(orderId);
    expect(edited.stops.map(({ address }) => address)).toEqual(['Victoria Peak', 'Mong Kok Station']);
    await calls.changeDriver(orderId, driverId);
    expect((await calls.getOrder(orderId)).driverId).not.toBe(driverId);
  });

  it('reads the cities, registers a URL and uses other keys', async () => {
    expect((await calls.getCities()).map(({ locode }) => locode)).toContain('HK HKG');
    const { port } = Object(probed.address()) as { port: number };
    const url = `http://127.0.0.1:${port}/webhooks`;
    expect(await calls.setWebhookUrl(url)).toMatchObject({ url });
    const merchant = calls.forAccount(sandbox.apiKey, sandbox.apiSecret);
    expect((await merchant.getCities()).length).toBeGreaterThan(0);
  });
});
