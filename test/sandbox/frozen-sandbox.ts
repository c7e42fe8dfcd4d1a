import type { LalamoveModuleOptions, LalamoveService } from 'nestjs-lalamove';
import { LalamoveSandbox, SandboxClock, type LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { startLalamove } from '../support/lalamove.js';

/** A sandbox on a clock that stands still, and a module on the same clock. */
export interface FrozenSandbox {
  sandbox: LalamoveSandbox;
  lalamove: LalamoveService;
  close: () => Promise<void>;
}

/** Starts both. By default there are no rate limits. */
export async function startFrozen(
  options: LalamoveSandboxOptions = {},
  account: Partial<LalamoveModuleOptions> = {},
): Promise<FrozenSandbox> {
  const clock = new SandboxClock({ speed: 0, startAt: '2026-11-22T08:00:00Z' });
  const sandbox = await LalamoveSandbox.start({ clock, rateLimits: false, validation: 'codes', ...options });
  const { lalamove, close } = await startLalamove(accountOn(sandbox, { clock, ...account }));
  return {
    sandbox,
    lalamove,
    close: async () => {
      await close();
      await sandbox.stop();
    },
  };
}
