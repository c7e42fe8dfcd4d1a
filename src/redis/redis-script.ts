import { createHash } from 'node:crypto';
import { wordsOf } from '../internal/log-line.js';
import type { RedisScriptClient } from './redis-script-client.js';

/** States of a connection that was lost: a command would wait in the client's queue until it is there again. */
const LOST = new Set(['reconnecting', 'close', 'end']);

/** A script in Lua, which Redis runs as one atomic step. */
export class RedisScript {
  readonly #source: string;
  readonly #sha1: string;

  constructor(source: string) {
    this.#source = source;
    this.#sha1 = createHash('sha1').update(source).digest('hex');
  }

  /**
   * Runs the script.
   *
   * @throws Error if there is no connection, or what Redis or the client reports
   */
  async run(client: RedisScriptClient, keys: readonly string[], values: readonly string[]): Promise<unknown> {
    const { status } = client;
    if (status !== undefined && LOST.has(status)) throw new Error(`no connection to Redis (${status})`);
    try {
      return await client.evalsha(this.#sha1, keys.length, ...keys, ...values);
    } catch (error) {
      // Redis has not seen the script, or has forgotten it in a restart: it ran nothing.
      if (!wordsOf(error).includes('NOSCRIPT')) throw error;
      return client.eval(this.#source, keys.length, ...keys, ...values);
    }
  }
}
