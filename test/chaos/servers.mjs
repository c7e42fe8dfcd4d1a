// The servers of worlds with several hosts: a PostgreSQL and a Redis of their own, so that they may be disturbed.
import { compile } from './compile.mjs';

/**
 * @typedef {object} World
 * @property {string} folder the compiled sources of the hosts
 * @property {number} seed
 * @property {number} run
 * @property {number} kills
 * @property {number} deliveries
 * @property {boolean} [isBullmq]
 */

export async function startServers() {
  const folder = await compile();
  /** @type {import('./scale-run.js')} */
  const { scaleRun } = await import(`${folder}/test/chaos/scale-run.js`);
  /** @type {import('../support/private-postgres.js')} */
  const { PrivatePostgres } = await import(`${folder}/test/support/private-postgres.js`);
  /** @type {import('../support/private-redis.js')} */
  const { PrivateRedis } = await import(`${folder}/test/support/private-redis.js`);
  const postgres = await PrivatePostgres.start(['max_connections=200']);
  const redis = await PrivateRedis.start();
  return {
    /** @param {World} world */
    run: ({ folder: hosts, seed, run, kills, deliveries, isBullmq = false }) =>
      scaleRun(hosts, seed, run, kills, { deliveries, servers: { postgres, redis }, isBullmq }),
    stop: async () => {
      await postgres.stop();
      await redis.stop();
    },
  };
}
