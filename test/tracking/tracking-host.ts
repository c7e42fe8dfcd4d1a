import type { DeliveriesModuleOptions } from 'nestjs-lalamove/deliveries';
import type { LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';
import { DeliveriesTracking, DeliveriesTrackingModule, type DeliveriesTrackingOptions } from 'nestjs-lalamove/tracking';
import { DeliveriesHost, type DeliveriesHostOptions } from '../deliveries/deliveries-host.js';

/** A secret as long as it must be. */
export const SECRET = 'a secret of a test, 0123456789 abcdef';

/** The options of a tracking page. */
export const TRACKING: DeliveriesTrackingOptions = { path: 'track', secret: SECRET, brand: { name: 'Corner Bakery' } };

/** What the host of a tracking page is made of. */
export interface TrackingHostOptions extends Omit<DeliveriesHostOptions, 'sandbox' | 'deliveries'> {
  tracking?: Partial<DeliveriesTrackingOptions>;
  sandbox?: LalamoveSandboxOptions;
  deliveries?: DeliveriesModuleOptions;
}

/** Starts an app with deliveries, a sandbox whose clock stands still, and a tracking page. */
export async function startTracking({ tracking, more, ...options }: TrackingHostOptions = {}): Promise<DeliveriesHost> {
  const module = DeliveriesTrackingModule.forRoot({ ...TRACKING, ...tracking });
  return DeliveriesHost.start({ ...options, more: { ...more, imports: [module, ...(more?.imports ?? [])] } });
}

/** The service of a host. */
export function trackingOf(host: DeliveriesHost): DeliveriesTracking {
  return host.app.get(DeliveriesTracking, { strict: false });
}

/** A page as a browser gets it. */
export interface FetchedPage {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** What the server has written into it for its code. */
  readonly config: Record<string, unknown>;
}

/** Fetches a page. */
export async function fetchPage(url: string, headers: Record<string, string> = {}): Promise<FetchedPage> {
  const response = await fetch(url, { headers, redirect: 'manual' });
  const text = await response.text();
  const [, json = '{}'] = /id="page-config">(.*)<\/script>/.exec(text) ?? [];
  const config: unknown = JSON.parse(json);
  return {
    status: response.status,
    headers: response.headers,
    text,
    config: Object(config) as Record<string, unknown>,
  };
}
