import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { LalamoveTestingModule } from 'nestjs-lalamove/testing';
import { AppModule } from './deliveries.module.js';

let app: INestApplication;

beforeEach(async () => {
  const moduleRef = await Test.createTestingModule({
    imports: [AppModule, LalamoveTestingModule.forApp({ drivers: 'prompt' })],
  }).compile();
  app = moduleRef.createNestApplication();
  await app.listen(0, '127.0.0.1');
});

afterEach(() => app.close());

it('orders', async () => {
  const body = JSON.stringify({ address: 'Hong Kong Airport', name: 'Ada', phone: '+85251234567' });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${await app.getUrl()}/orders`, { method: 'POST', headers, body });
  expect([answer.status, await answer.json()]).toMatchObject([201, { status: 'ASSIGNING_DRIVER' }]);
});
