/** What is used of a Redis client, such as `Redis` and `Cluster` of ioredis 5 and 6. The package imports neither. */
export interface RedisScriptClient {
  evalsha(sha1: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
  /** The state of the connection, as ioredis names it. */
  readonly status?: string;
}
