import { optionsMessage } from '../nest/module-options.js';

/** Thrown at boot for wrong options. The message lists every problem and its remedy. */
export class DeliveriesOptionsException extends Error {
  override readonly name = 'DeliveriesOptionsException';

  /** @param problems one sentence for each */
  constructor(readonly problems: readonly string[]) {
    super(optionsMessage('DeliveriesModule', problems));
  }
}
