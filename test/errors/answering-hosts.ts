import { afterAll, beforeAll, describe } from '@jest/globals';
import { LalamoveModule } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { StorefrontController } from '../../examples/storefront/storefront.controller.js';
import { accountOn } from '../support/account.js';
import { PLATFORMS, startHost, type HostApp } from '../support/host-app.js';

export type Policy = 'mirror' | 'gateway';
export type Format = 'nest' | 'problem';

/** A running storefront app and its sandbox. */
export interface AnsweringHost {
  policy: Policy;
  format: Format;
  sandbox: () => LalamoveSandbox;
  url: () => string;
}

/** Declares tests for a storefront on each platform, with each status policy and each format. */
export function describeHosts(title: string, declare: (host: AnsweringHost) => void): void {
  describe.each(PLATFORMS)(`${title} on %s`, (platform) => {
    describe.each<Policy>(['mirror', 'gateway'])('%s', (policy) => {
      describe.each<Format>(['nest', 'problem'])('%s', (format) => {
        let sandbox: LalamoveSandbox;
        let host: HostApp;

        beforeAll(async () => {
          sandbox = await LalamoveSandbox.start();
          const options = accountOn(sandbox, { errors: { status: policy, format } });
          const imports = [LalamoveModule.forRoot(options)];
          host = await startHost(platform, { imports, controllers: [StorefrontController] });
        });

        afterAll(async () => {
          await host.app.close();
          await sandbox.stop();
        });

        declare({ policy, format, sandbox: () => sandbox, url: () => host.url });
      });
    });
  });
}
