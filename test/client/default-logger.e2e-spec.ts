import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ConsoleLogger, Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { LalamoveModule, LalamoveService } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';

describe("Nest's own logger", () => {
  let sandbox: LalamoveSandbox;

  afterEach(async () => {
    jest.restoreAllMocks();
    Logger.overrideLogger(false);
    await sandbox.stop();
  });

  /** What is written of a call that succeeds. */
  async function linesOfCall(logger: ConsoleLogger | false): Promise<unknown[]> {
    sandbox = await LalamoveSandbox.start();
    const { apiKey, apiSecret, url: baseUrl } = sandbox;
    const account = LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK', baseUrl });
    const module = await Test.createTestingModule({ imports: [account] }).compile();
    const written = jest.spyOn(ConsoleLogger.prototype, 'debug').mockReturnValue();
    module.useLogger(logger);
    await module.get(LalamoveService).getCities();
    await module.close();
    return written.mock.calls.map(([line]: unknown[]) => line);
  }

  const ANSWERED = expect.stringMatching(/^getCities answered /);

  it('writes the line of a call if no levels were chosen', async () => {
    expect(await linesOfCall(new ConsoleLogger())).toEqual([ANSWERED]);
  });

  it('writes it on Nest 11, which then knows of no level', async () => {
    jest.spyOn(Logger, 'isLevelEnabled').mockReturnValue(false);
    expect(await linesOfCall(new ConsoleLogger())).toEqual([ANSWERED]);
  });

  it('writes nothing if logging is off', async () => {
    expect(await linesOfCall(false)).toEqual([]);
  });
});
