import { tenantKey } from '../state/tenant.js';
import type { SandboxAnswer, SandboxCall } from './sandbox-call.js';
import { requiredString } from './read-fields.js';
import { Refusal } from './refusal.js';

/** `GET /v3/cities`: the cities of the market, with their services. */
export function getCities({ facts }: SandboxCall): SandboxAnswer {
  return { status: 200, data: facts.cities.map(({ locode, name, services }) => ({ locode, name, services })) };
}

/**
 * `PATCH /v3/webhook`: the URL must answer an empty `POST` with 200. It then receives all events of the account in this
 * market.
 */
export async function setWebhookUrl({ world, sender, tenant, data }: SandboxCall): Promise<SandboxAnswer> {
  const url = requiredString(data, 'url');
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) throw new Refusal('ERR_INVALID_FIELD', '/data/url');
  if (!(await sender.probe(url))) throw new Refusal('ERR_INVALID_RESPONSE');
  world.state.registrations.set(tenantKey(tenant), { tenant, url, isDisabled: false });
  return { status: 200, data: { url } };
}
