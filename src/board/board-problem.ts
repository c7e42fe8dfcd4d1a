import { LalamoveException } from '../errors/lalamove.exception.js';
import type { BoardProblem } from './board-answers.js';

/** A request that the board refuses by itself. */
export class RefusedRequest extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The answer to a request that has failed. */
export interface ProblemAnswer {
  readonly status: number;
  readonly body: BoardProblem;
  /** Whether the host must look at it, so it is logged. */
  readonly isUnexpected: boolean;
}

/** Turns what was thrown into an answer. A status of Lalamove's becomes 502, because 401 means another login here. */
export function problemAnswer(error: unknown): ProblemAnswer {
  if (error instanceof RefusedRequest)
    return { status: error.status, body: { message: error.message }, isUnexpected: false };
  if (LalamoveException.is(error)) {
    const { code, message, mirrorStatus, errors } = error;
    const status = code.startsWith('LALAMOVE_DELIVER') ? mirrorStatus : 502;
    const items = errors.map(({ message: text, pointer }) => ({ message: text, pointer }));
    return { status, body: { message, code, errors: items }, isUnexpected: status >= 500 };
  }
  const message = 'The server has failed. Its log says why.';
  return { status: 500, body: { message }, isUnexpected: true };
}
