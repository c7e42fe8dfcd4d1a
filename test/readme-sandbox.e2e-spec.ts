import { expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { readFileSync } from 'node:fs';
import { LalamoveModule, LalamoveService } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { booked as book } from './support/inputs.js';

it('delivers', async () => {
  const sandbox = await LalamoveSandbox.start({ drivers: 'prompt' });
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  const account = LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK', baseUrl });
  const module = await Test.createTestingModule({ imports: [account] }).compile();
  const { orderId } = await book(module.get(LalamoveService)); // your own code, or createQuotation and placeOrder
  await sandbox.advance('2h');
  expect(await module.get(LalamoveService).getOrder(orderId)).toMatchObject({ status: 'COMPLETED' });
  await module.close();
  await sandbox.stop();
});

it('stands in the README word for word', () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
  const [example = 'not found'] = /^it\('delivers'.*?^}\);$/ms.exec(read('readme-sandbox.e2e-spec.ts')) ?? [];
  expect(read('../README.md')).toContain(example);
});
