import type { UpstreamAnswer } from '../../errors/translate-answer.js';

/** What is known about a request that got no usable answer. */
export interface TransportFailureDetails {
  /** Whether the request certainly never reached Lalamove. */
  isUnsent?: boolean;
  /** Status and headers, if they arrived before the rest failed. */
  head?: Pick<UpstreamAnswer, 'status' | 'headers'> | undefined;
  cause?: unknown;
}

/** A request that got no usable answer: the only error of `send`. */
export class TransportFailure extends Error {
  override readonly name = 'TransportFailure';
  readonly isUnsent: boolean;
  readonly head: TransportFailureDetails['head'];

  constructor(
    readonly kind: 'timeout' | 'aborted' | 'connection' | 'unreadable',
    { isUnsent = false, head, cause }: TransportFailureDetails = {},
  ) {
    super(`The request failed: ${kind}.`, { cause });
    this.isUnsent = isUnsent;
    this.head = head;
  }
}
