import Axios, { AxiosError, CanceledError, type AxiosAdapter } from 'axios';
import type { RequestTracker } from './request-tracker.js';
import { sendOverHttp } from './send-over-http.js';

/** Config members that only axios's own adapter supports. */
const AXIOS_ONLY = ['proxy', 'baseURL', 'params', 'auth', 'socketPath', 'transport', 'lookup', 'maxRate'] as const;

/** Whether a config asks for something that only axios's own adapter supports. */
export function needsAxios(config: Partial<Record<(typeof AXIOS_ONLY)[number], unknown>>): boolean {
  return AXIOS_ONLY.some((name) => Boolean(config[name]));
}

/**
 * The axios adapter of one request: it sends by {@link sendOverHttp}, so that the tracker sees each step, and at a
 * fraction of the CPU of axios's adapter. If an interceptor has made another request of it, axios's adapter sends it.
 */
export function trackedAdapter(tracker: RequestTracker): AxiosAdapter {
  return async (config) => {
    const { method = 'GET', url = '', headers, signal, transformRequest } = config;
    const body: unknown = config.data;
    const isTracked = transformRequest === tracker.onRequest;
    if (!isTracked || (body !== undefined && typeof body !== 'string') || needsAxios(config)) {
      return Axios.getAdapter('http')(config);
    }
    const stop = (): void => {
      tracker.cancel();
    };
    signal?.addEventListener?.('abort', stop);
    try {
      const request = { method, url, headers: headers.toJSON(), body };
      return { ...(await sendOverHttp(request, config, tracker)), config };
    } catch (error) {
      if (Axios.isCancel(error)) throw new CanceledError(undefined, config);
      throw AxiosError.from(error, undefined, config);
    } finally {
      signal?.removeEventListener?.('abort', stop);
    }
  };
}
