import { Logger } from '@nestjs/common';
import type { OptionsOverride } from '../nest/options-override.js';
import { LalamoveSandbox } from '../sandbox/lalamove-sandbox.js';
import type { LalamoveSandboxOptions } from '../sandbox/sandbox.options.js';
import type { SandboxedOptions } from './sandboxed-options.js';

const IN_PRODUCTION =
  'LalamoveTestingModule is imported, and NODE_ENV is production: no order of this app reaches Lalamove';

/**
 * A sandbox that is starting. It exists at once, because Nest leaves out an optional dependency that fails: if the
 * override waited for the sandbox as a provider, and the sandbox did not start, the app would use its own keys and
 * host.
 */
export class StartingSandbox {
  /** It rejects if an option is wrong. */
  readonly sandbox: Promise<LalamoveSandbox>;
  readonly options: Promise<SandboxedOptions>;

  constructor(options: LalamoveSandboxOptions, optionsOf: (sandbox: LalamoveSandbox) => SandboxedOptions) {
    if (process.env.NODE_ENV === 'production') new Logger('LalamoveTestingModule').warn(IN_PRODUCTION);
    // If the app fails at boot, nobody stops the sandbox: it must not keep the test process alive.
    this.sandbox = LalamoveSandbox.start(options).then((sandbox) => sandbox.unref());
    this.options = this.sandbox.then(optionsOf);
    // The module that uses it reports the failure.
    this.options.catch(() => undefined);
  }

  /** Fails if the sandbox did not start, so that no module is ever created with the app's own options. */
  readonly override: OptionsOverride = async (overridden) => (await this.options).override(overridden);
}
