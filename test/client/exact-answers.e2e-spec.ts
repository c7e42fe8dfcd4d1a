import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LalamoveService } from 'nestjs-lalamove';
import { ORDER, QUOTATION } from '../support/inputs.js';
import { failureOf, KEYS, startLalamove } from '../support/lalamove.js';
import { parseAnswers } from './parsed-answers.js';
import { http, RawServer } from '../support/raw-server.js';

const ID = '3284759483745893456';
const STOP = '3284759483745893457';
const DRIVER = '80557';

type Row = [call: string, data: string, make: (lalamove: LalamoveService) => Promise<unknown>, expected: object];

/** Each call, the `data` that the server answers with ids as JSON numbers, and what the caller gets. */
// prettier-ignore
const ANSWERS: Row[] = [
  ['placeOrder', `{"orderId":${ID},"quotationId":${STOP}}`, (lalamove) => lalamove.placeOrder(ORDER), { orderId: ID, quotationId: STOP }],
  ['getOrder', `{"orderId": ${ID} ,"driverId":${DRIVER},"stops":[{"stopId":${STOP}}]}`, (lalamove) => lalamove.getOrder('1'), { orderId: ID, driverId: DRIVER, stops: [{ stopId: STOP }] }],
  ['getOrder of an old id', '{"orderId":107900701184,"driverId":null}', (lalamove) => lalamove.getOrder('1'), { orderId: '107900701184', driverId: null }],
  ['createQuotation', `{"quotationId":${ID},"stops":[{"stopId":${STOP},"n":1.5}],"count":7}`, (lalamove) => lalamove.createQuotation(QUOTATION), { quotationId: ID, stops: [{ stopId: STOP, n: 1.5 }], count: 7 }],
  ['getDriver', `{"driverId":${DRIVER},"name":"\\"driverId\\":1"}`, (lalamove) => lalamove.getDriver('1', '2'), { driverId: DRIVER, name: '"driverId":1' }],
  ['an id of a new name', `{"orderId":"1","batchId":${ID}}`, (lalamove) => lalamove.getOrder('1'), { orderId: '1', batchId: ID }],
];

describe('ids that are JSON numbers', () => {
  let data = '';
  let server: RawServer;
  let lalamove: LalamoveService;
  let close: () => Promise<void>;

  beforeAll(async () => {
    server = await RawServer.start((socket) => socket.write(http(200, `{"data":${data}}\n`)));
    ({ lalamove, close } = await startLalamove({ ...KEYS, baseUrl: server.url, retry: { maxAttempts: 1 } }));
  });

  afterAll(async () => {
    await close();
    await server.stop();
  });

  it.each(ANSWERS)('are read with every digit: %s', async (_, answered, make, expected) => {
    data = answered;
    expect(await make(lalamove)).toEqual(expected);
  });
});

describe('an answer that the host has parsed', () => {
  async function placed(status: number, body: string, parse?: (text: string) => unknown): Promise<unknown> {
    const server = await RawServer.start((socket) => socket.write(http(status, body)));
    const options = { ...KEYS, baseUrl: server.url, retry: { maxAttempts: 1 } };
    const { lalamove, close } = await startLalamove(options, (service) => {
      parseAnswers(service, parse);
    });
    try {
      return await lalamove.placeOrder(ORDER);
    } finally {
      await close();
      await server.stop();
    }
  }

  it.each([ID, '9007199254740993', '1e400'])('is refused if a number was rounded: %s', async (id) => {
    expect(await failureOf(placed(201, `{"data":{"orderId":${id}}}`))).toMatchObject({
      name: 'LalamoveOutcomeUnknownException',
      upstreamStatus: 201,
      cause: { code: 'LALAMOVE_UNREADABLE_RESPONSE' },
    });
  });

  it('is refused if it cannot be written as JSON again', async () => {
    const loop = (): unknown => {
      const body: Record<string, unknown> = { data: { orderId: ID } };
      return Object.assign(body, { body });
    };
    expect(await failureOf(placed(201, '{}', loop))).toMatchObject({ name: 'LalamoveOutcomeUnknownException' });
  });

  it.each<[string, string, (text: string) => unknown]>([
    ['text', `{"data":{"orderId":"${ID}"}}`, JSON.parse],
    ['BigInt', '', () => ({ data: { orderId: BigInt(ID) } })],
  ])('is accepted if its ids were read as %s', async (_, body, parse) => {
    expect(await placed(201, body, parse)).toEqual({ orderId: ID });
  });

  it('remains a refusal, with any numbers in it', async () => {
    const body = `{"errors":[{"id":"ERR_INVALID_FIELD"}],"orderId":${ID}}`;
    expect(await failureOf(placed(422, body))).toMatchObject({ code: 'ERR_INVALID_FIELD', isForeign: false });
  });
});
