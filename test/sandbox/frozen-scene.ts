import type { LalamoveService } from 'nestjs-lalamove';
import type { LalamoveSandbox, LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';
import { startFrozen, type FrozenSandbox } from './frozen-sandbox.js';

/** A frozen sandbox that a test can start again with other options. */
export class FrozenScene {
  #frozen: FrozenSandbox | undefined;

  /** Closes the sandbox of before, if there is one. */
  async start(options: LalamoveSandboxOptions = {}): Promise<void> {
    await this.close();
    this.#frozen = await startFrozen(options);
  }

  async close(): Promise<void> {
    await this.#frozen?.close();
    this.#frozen = undefined;
  }

  get sandbox(): LalamoveSandbox {
    return this.#started.sandbox;
  }

  get lalamove(): LalamoveService {
    return this.#started.lalamove;
  }

  get #started(): FrozenSandbox {
    if (!this.#frozen) throw new Error('Start the scene first.');
    return this.#frozen;
  }
}
