import type { BoardSettings } from './board.options.js';

/** Who looks at the board. */
export interface BoardOperator {
  readonly isReadOnly: boolean;
  /** Who acts; `undefined` if the host does not say. */
  readonly user: string | undefined;
}

/** As `by` of `resolve` and `cancel` takes it. */
const USER = /^[^\p{Cc}]{1,200}$/u;

/**
 * Asks the host who makes a request. What is not clearly `false` is read-only.
 *
 * @throws what the host's function throws, and TypeError if it names nobody that a timeline can keep
 */
export async function operatorOf({ readOnly = false, user }: BoardSettings, request: never): Promise<BoardOperator> {
  const isReadOnly: unknown = typeof readOnly === 'function' ? await readOnly(request) : readOnly;
  const name: unknown = await user?.(request);
  if (name !== undefined && !(typeof name === 'string' && USER.test(name)))
    throw new TypeError('user() of DeliveriesBoardModule must return a text of 1 to 200 characters, or undefined.');
  return { isReadOnly: isReadOnly !== false, user: typeof name === 'string' ? name : undefined };
}
