import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LalamoveException, LalamoveModule } from 'nestjs-lalamove';
import type * as Package from 'nestjs-lalamove';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

/** The other copy: the package's CommonJS build, in a process that imports its ES modules. */
const foreign = createRequire(import.meta.url)('nestjs-lalamove') as typeof Package;
assert.notEqual(foreign.LalamoveException, LalamoveException);

@Controller()
class ForeignController {
  @Get('fail')
  fail(): never {
    throw foreign.createLalamoveException('ERR_INSUFFICIENT_CREDIT');
  }
}

const account = { apiKey: 'pk_test_k', apiSecret: 'sk_test_s', market: 'HK' };

@Module({
  imports: [LalamoveModule.forRoot({ ...account, errors: { status: 'gateway' } })],
  controllers: [ForeignController],
})
class HostModule {}

const app = await NestFactory.create(HostModule, { logger: false });
await app.listen(0, '127.0.0.1');
const answer = await fetch(`${await app.getUrl()}/fail`);
assert.equal(answer.status, 503);
assert.match(await answer.text(), /LALAMOVE_UNAVAILABLE/);
await app.close();
