import { createHash } from 'node:crypto';
import { isRecord } from '../../../internal/is-record.js';
import { codeOf } from './postgres-failure.js';

/** The maximum number of named statements: each connection keeps their plans in the memory of the server. */
const MAX_NAMED = 200;

/** The best plan depends on the limit, so the server plans such a statement anew. A constant limit is no parameter. */
const DEPENDS_ON_PARAMETERS = /\blimit \$/i;

/** The SQLSTATEs of a pooler that gives each transaction another connection: the name is unknown, or known already. */
const POOLED = /^(26000|42P05)$/;

/**
 * The names of prepared statements. The server parses and plans a named statement once for each connection. The name is
 * a hash of the text, so a connection never has another statement under it.
 */
export class StatementNames {
  readonly #names = new Map<string, string | undefined>();
  #isPooled = false;

  /** @returns `undefined` if the statement has no name */
  of(text: string): string | undefined {
    if (this.#isPooled) return undefined;
    if (this.#names.has(text)) return this.#names.get(text);
    if (this.#names.size >= MAX_NAMED) return undefined;
    const name = DEPENDS_ON_PARAMETERS.test(text) ? undefined : `lalamove_${sha256(text).slice(0, 32)}`;
    this.#names.set(text, name);
    return name;
  }

  /** Names no statement any more if a pooler between here and the server does not support names. */
  failed(error: unknown): void {
    if (POOLED.test(codeOf(error))) this.#isPooled = true;
  }
}

/** Whether a statement with a name failed where the same statement without one would not. It may run again. */
export function isStaleName(error: unknown): boolean {
  return POOLED.test(codeOf(error)) || isStalePlan(error);
}

/** Whether a migration has changed the columns of a named statement. The connection must not be used again. */
export function isStalePlan(error: unknown): boolean {
  return codeOf(error) === '0A000' && isRecord(error) && String(error.message).includes('cached plan');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
