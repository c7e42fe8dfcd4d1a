export type { RedisScriptClient } from './redis-script-client.js';
export { redisRateLimitStore, type RedisRateLimitStoreOptions } from './redis-rate-limit-store.js';
