import Axios, { AxiosError, CanceledError, type AxiosAdapter } from 'axios';
import { Dispatch } from './request-tracker.js';
import { exchange, Stopped } from './exchange.js';

/** What a config can ask for that only axios's own adapter does. */
const AXIOS_ONLY = ['proxy', 'baseURL', 'params', 'auth', 'socketPath', 'transport', 'lookup', 'maxRate'] as const;

/** Whether a config asks for something that only axios's own adapter does. */
export function needsAxios(config: Partial<Record<(typeof AXIOS_ONLY)[number], unknown>>): boolean {
  return AXIOS_ONLY.some((name) => Boolean(config[name]));
}

/**
 * Axios's way to the wire for our own requests: over `node:http`, with their answers as text, at a fraction of what axios's adapter costs.
 * Every other request is left to that.
 */
export const nodeAdapter: AxiosAdapter = (config) => {
  const dispatch = Dispatch.of(config);
  const body: unknown = config.data;
  if (!dispatch || (body !== undefined && typeof body !== 'string') || needsAxios(config)) {
    return Axios.getAdapter('http')(config);
  }
  const { method = 'GET', url = '', headers, signal } = config;
  const httpAgent: unknown = config.httpAgent;
  const httpsAgent: unknown = config.httpsAgent;
  const wire = { method, url, headers: headers.toJSON(), body, httpAgent, httpsAgent, signal };
  return new Promise((resolve, reject) => {
    exchange(
      wire,
      dispatch,
      (answer) => {
        resolve({ ...answer, config });
      },
      (error) => {
        const failure = error instanceof Stopped ? new CanceledError(undefined, config) : undefined;
        reject(failure ?? AxiosError.from(error, undefined, config));
      },
    );
  });
};
