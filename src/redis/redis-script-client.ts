/** What is used of a Redis client, such as `Redis` and `Cluster` of ioredis 5 and 6. The package imports neither. */
export interface RedisScriptClient {
  /** Runs a script that Redis knows already, by its SHA-1. */
  evalsha(sha1: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
  /** Runs a script. */
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
  /** The state of the connection, as ioredis names it. */
  readonly status?: string;
}
