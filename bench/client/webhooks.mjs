// The cost of receiving webhooks, by itself and in a real app.
import { Helper } from './processes.mjs';
import { WEBHOOKS } from './samples.mjs';

export const EVENT_TYPES = Object.keys(WEBHOOKS);
export const BARE_SERVER = 'node:http';
const SERVERS = [BARE_SERVER, 'express', 'fastify'];
const WARM_UP = 6000;

/** In µs, one figure a round, by event type: `{ bytes, bare, verified, typed }`. */
export async function measureWebhooks({ rounds }) {
  const helper = new Helper('webhook-process.mjs');
  // The first runs warm up the compiler.
  for (const eventType of EVENT_TYPES) await helper.ask({ eventType });
  const answers = new Map(EVENT_TYPES.map((eventType) => [eventType, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const eventType of EVENT_TYPES) answers.get(eventType).push(await helper.ask({ eventType }));
  }
  helper.stop();
  const figures = (all, name) => all.map((answer) => answer[name]);
  return new Map(
    [...answers].map(([eventType, all]) => [
      eventType,
      {
        bytes: all[0].bytes,
        bare: figures(all, 'bare'),
        verified: figures(all, 'verified'),
        typed: figures(all, 'typed'),
      },
    ]),
  );
}

/** Webhooks a second, and the server's CPU time for each in µs, by server, one figure a round. */
export async function measureWebhookServers({ rounds, count }) {
  const load = new Helper('webhook-load.mjs');
  const servers = new Map(SERVERS.map((name) => [name, new Helper('webhook-server.mjs', [name])]));
  const figures = new Map(SERVERS.map((name) => [name, { perSecond: [], microseconds: [] }]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, server] of servers) {
      const before = await server.ask({});
      const sent = round < 0 ? WARM_UP : count;
      const { seconds } = await load.ask({ port: before.port, count: sent });
      const after = await server.ask({});
      if (after.handled - before.handled !== sent) throw new Error(`${name} has not handled each event once.`);
      if (round < 0) continue;
      figures.get(name).perSecond.push(sent / seconds);
      figures.get(name).microseconds.push((after.microseconds - before.microseconds) / sent);
    }
  }
  for (const helper of [load, ...servers.values()]) helper.stop();
  return figures;
}
