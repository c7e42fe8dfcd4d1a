import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import type { CreateQuotationDto, LalamoveService } from 'nestjs-lalamove';
import { accountOn } from '../support/account.js';
import { QUOTATION } from '../support/inputs.js';
import { failureOf, startLalamove } from '../support/lalamove.js';

const { serviceType, stops } = QUOTATION;
const WITHOUT_LANGUAGE: CreateQuotationDto = { serviceType, stops };

describe('a quotation without a language', () => {
  let sandbox: LalamoveSandbox;
  let lalamove: LalamoveService;
  let close: () => Promise<void>;

  beforeEach(async () => {
    sandbox = await LalamoveSandbox.start({ rateLimits: false });
    ({ lalamove, close } = await startLalamove(accountOn(sandbox)));
  });

  afterEach(async () => {
    await close();
    await sandbox.stop();
  });

  /** The languages that were sent so far. */
  const sent = (): unknown[] =>
    sandbox.requests.map(({ body }) => (JSON.parse(body) as { data: CreateQuotationDto }).data.language);

  it('is in English', async () => {
    expect(await lalamove.createQuotation(WITHOUT_LANGUAGE)).toMatchObject({ language: 'EN_HK' });
    // A JavaScript caller, or a JSON body.
    await lalamove.createQuotation(JSON.parse(JSON.stringify({ ...QUOTATION, language: null })) as CreateQuotationDto);
    await lalamove.createQuotation(QUOTATION, { validate: false });
    await lalamove.createQuotation(WITHOUT_LANGUAGE, { validate: false });
    expect(sent()).toEqual(['en_HK', 'en_HK', 'en_HK', 'en_HK']);
  });

  it('keeps a language that is given', async () => {
    await lalamove.createQuotation({ ...QUOTATION, language: 'zh_HK' });
    expect(sent()).toEqual(['zh_HK']);
  });

  it('is in the language of the market of the call, and of the account', async () => {
    const merchant = lalamove.forAccount({ apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, market: 'th' });
    // The route is in Hong Kong: what counts here is what was sent.
    await failureOf(lalamove.createQuotation(WITHOUT_LANGUAGE, { market: 'tw' }));
    await failureOf(merchant.createQuotation(WITHOUT_LANGUAGE));
    expect(sent()).toEqual(['zh_TW', 'en_TH']);
  });

  it.each(['AE', 'BR', 'HK', 'ID', 'JP', 'MX', 'MY', 'PH', 'SA', 'SG', 'TH', 'TW', 'VN'])(
    'is in a language that %s has',
    async (market) => {
      const error = await lalamove.createQuotation(WITHOUT_LANGUAGE, { market }).catch((reason: unknown) => reason);
      expect(JSON.stringify(error)).not.toContain('/data/language');
      expect(sandbox.requests).toHaveLength(1);
    },
  );

  it('changes nothing of an input that is no object', async () => {
    const input = JSON.parse('[]') as CreateQuotationDto;
    expect(await failureOf(lalamove.createQuotation(input))).toMatchObject({ errors: [{ pointer: '/data' }] });
    expect(sandbox.requests).toEqual([]);
  });
});
