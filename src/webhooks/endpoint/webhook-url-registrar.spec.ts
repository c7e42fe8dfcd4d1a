import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { LalamoveService } from '../../lalamove.service.js';
import { KEYS, startLalamove } from '../../../test/support/lalamove.js';
import { LineLogger } from '../../../test/webhooks/webhook-host.js';
import { until } from '../../../test/support/until.js';
import { WebhookUrlRegistrar } from './webhook-url-registrar.js';

const listening = { httpAdapter: { getHttpServer: () => ({ listening: true }) } };

describe('WebhookUrlRegistrar', () => {
  const logger = new LineLogger();
  let registrar: WebhookUrlRegistrar | undefined;

  const start = (url: string, service: Pick<LalamoveService, 'setWebhookUrl'>, host = {}): void => {
    registrar = new WebhookUrlRegistrar({ url, account: undefined, logger }, service, { ...listening, ...host });
    registrar.onApplicationBootstrap();
  };

  afterEach(() => {
    registrar?.onModuleDestroy();
    logger.lines.length = 0;
  });

  it('logs the field of an invalid URL and does not retry', async () => {
    const { lalamove, close } = await startLalamove(KEYS);
    start('https://my_host/hook?token=secret', lalamove);
    await until(() => logger.lines.length > 0);
    expect(logger.lines).toEqual([
      expect.stringMatching(/^error: webhook\.url is not a valid URL: .*url=https:..my_host.hook .*field=.data.url\)$/),
    ]);
    await close();
  });

  it('registers nothing in an app without an HTTP server', () => {
    const setWebhookUrl = jest.fn<LalamoveService['setWebhookUrl']>();
    start('https://shop.example/hook', { setWebhookUrl }, { httpAdapter: undefined });
    expect(setWebhookUrl).not.toHaveBeenCalled();
    expect(logger.lines).toEqual([expect.stringMatching(/^log: The webhook URL is not registered/)]);
  });
});
