import type { City } from '../dto/city.js';
import { requiredText } from './call-input.js';
import { Refusal } from './refusal.js';
import type { SandboxAnswer, SandboxCall } from './sandbox-routes.js';

/** `GET /v3/cities`: one city a market, with two services. */
export function getCities({ facts }: SandboxCall): SandboxAnswer {
  const metres = (value: string): { value: string; unit: string } => ({ value, unit: 'm' });
  const cities: City[] = [
    {
      locode: facts.locode,
      name: facts.city,
      services: [
        {
          key: 'MOTORCYCLE',
          description: 'Documents and small parcels.',
          dimensions: { length: metres('0.5'), width: metres('0.4'), height: metres('0.5') },
          load: { value: '20', unit: 'kg' },
          specialRequests: [
            { name: 'THERMAL_BAG_1', description: 'Insulated bag', parent_type: 'THERMAL_BAG', max_selection: 1 },
          ],
        },
        {
          key: 'VAN',
          description: 'Furniture and bulk goods.',
          dimensions: { length: metres('2'), width: metres('1.2'), height: metres('1.2') },
          load: { value: '600', unit: 'kg' },
          specialRequests: [],
        },
      ],
    },
  ];
  return { status: 200, data: cities };
}

/** `PATCH /v3/webhook`. The URL is kept; this sandbox does not call it yet. */
export function setWebhookUrl({ state, market, data }: SandboxCall): SandboxAnswer {
  const url = requiredText(data, 'url');
  if (!URL.canParse(url)) throw new Refusal('ERR_INVALID_FIELD', '/data/url');
  state.webhookUrls.set(market, url);
  return { status: 200, data: { url } };
}
