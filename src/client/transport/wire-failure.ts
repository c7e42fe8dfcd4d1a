import type { UpstreamAnswer } from '../../errors/translate-answer.js';

/** What is known of an attempt that brought no usable answer. */
export interface WireFailureDetails {
  /** Whether the request certainly never reached Lalamove. */
  unsent?: boolean;
  /** Status and headers, where they came before the rest failed. */
  head?: Pick<UpstreamAnswer, 'status' | 'headers'> | undefined;
  cause?: unknown;
}

/** An attempt that brought no usable answer. */
export class WireFailure extends Error {
  override readonly name = 'WireFailure';
  readonly unsent: boolean;
  readonly head: WireFailureDetails['head'];

  constructor(
    readonly kind: 'timeout' | 'aborted' | 'connection' | 'unreadable',
    { unsent = false, head, cause }: WireFailureDetails = {},
  ) {
    super(`The request ended by ${kind}.`, { cause });
    this.unsent = unsent;
    this.head = head;
  }
}
