/** An API key in one market: the owner of a wallet, a webhook URL, quotations and orders. */
export interface Tenant {
  readonly apiKey: string;
  readonly market: string;
}

/** The map key of a tenant. */
export function tenantKey({ apiKey, market }: Tenant): string {
  return `${market} ${apiKey}`;
}
