import type { LalamoveModuleOptions, LalamoveService, RequestOptions } from 'nestjs-lalamove';
import type { ClientRequests } from '../client-requests.js';
import { ORDER } from '../../support/inputs.js';
import { KEYS, startLalamove } from '../../support/lalamove.js';
import { http, type RawServer } from '../../support/raw-server.js';

/** One call that may be retried, and one that must not be (it places an order). */
export const CALL_NAMES = ['getOrder', 'placeOrder'] as const;
export type CallName = (typeof CALL_NAMES)[number];

/**
 * How a request is sent: without axios; by axios with our adapter, because there is an interceptor; by axios with its
 * own adapter, because there is a proxy.
 */
export const PATHS = ['past axios', 'with an interceptor', 'by a proxy'] as const;
export type Path = (typeof PATHS)[number];

/** What a scene tests. */
export interface Setting {
  readonly call: CallName;
  readonly path: Path;
  readonly clients: ClientRequests;
  /** How many attempts of the call get no answer; later ones are answered. */
  readonly stalls: number;
  readonly retry: NonNullable<LalamoveModuleOptions['retry']>;
}

/** An app and a server that stalls a call at one stage. */
export interface Scene {
  readonly server: RawServer;
  readonly lalamove: LalamoveService;
  /** Makes the call of the scene. */
  readonly send: (options: RequestOptions) => Promise<unknown>;
  /** Whether the call is aborted before it is made. */
  readonly isBeforeCall: boolean;
  /** Whether the call has reached the stage. */
  readonly isReached: () => boolean;
  /** Releases the stalled stage. */
  readonly release: () => void | Promise<void>;
  /** How many requests of the call have arrived completely. */
  readonly requests: () => number;
  /** How many connections may stay open, ready to be reused. */
  readonly kept: number;
  /** Closes the app. */
  readonly close: () => Promise<void>;
}

/** What makes one scene differ from another. */
export type SceneParts = Pick<Scene, 'isReached'> &
  Partial<Omit<Scene, 'server' | 'lalamove'>> & {
    readonly options?: Partial<LalamoveModuleOptions>;
    /** May add interceptors. */
    readonly prepare?: Parameters<typeof startLalamove>[1];
  };

/** A success of either call. */
export const ANSWER = http(200, '{"data":{"orderId":"1"}}');

/** The options of a request that only prepares the scene, without a time limit. */
export const ASIDE = { requestId: 'aside', timeoutMs: 3_600_000, deadlineMs: 3_600_000 };

/** Whether a request prepares the scene. */
export function isAside(request: string): boolean {
  return request.includes(`Request-ID: ${ASIDE.requestId}\r\n`);
}

const CALLS: Record<CallName, (lalamove: LalamoveService, options: RequestOptions) => Promise<unknown>> = {
  getOrder: (lalamove, options) => lalamove.getOrder('1', options),
  placeOrder: (lalamove, options) => lalamove.placeOrder(ORDER, options),
};

/** Starts the app of a scene. */
export async function startScene(
  { call, path, retry }: Setting,
  server: RawServer,
  { options, prepare, ...parts }: SceneParts,
): Promise<Scene> {
  const baseUrl = options?.baseUrl ?? server.url;
  const { hostname: host, port } = new URL(baseUrl);
  const proxy = { protocol: 'http', host, port: Number(port) };
  const { lalamove, close } = await startLalamove(
    { ...KEYS, retry, ...options, baseUrl, http: { ...options?.http, ...(path === 'by a proxy' && { proxy }) } },
    (httpService) => {
      if (path === 'with an interceptor') httpService.axiosRef.interceptors.request.use((config) => config);
      prepare?.(httpService);
    },
  );
  return {
    server,
    lalamove,
    send: (given) => CALLS[call](lalamove, given),
    isBeforeCall: false,
    release: () => undefined,
    requests: () => server.requests.filter((request) => !isAside(request)).length,
    kept: 0,
    close,
    ...parts,
  };
}
