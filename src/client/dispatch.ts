import { isUnconnected } from '../errors/unconnected.js';
import { isRecord } from '../is-record.js';

/**
 * What became of one request inside axios. That it never left cannot be read off an error alone: an interceptor may have sent it twice, or
 * thrown an error that is another request's.
 */
export class Dispatch {
  #sent = 0;
  #answered = false;

  /** Axios runs this ahead of every sending. */
  readonly onRequest = (data: unknown): unknown => {
    this.#sent += 1;
    return data;
  };

  /** Axios runs this on every answer. */
  readonly onResponse = (data: unknown): unknown => {
    this.#answered = true;
    return data;
  };

  /**
   * Whether an error proves that the request never left: the connection of its one sending was never made. That no sending was noted proves
   * nothing, for an interceptor may have put another `transformRequest` in place of ours, or a test another `HttpService`.
   */
  neverLeft(error: unknown): boolean {
    const ours = isRecord(error) && isRecord(error.config) && error.config.transformRequest === this.onRequest;
    return this.#sent === 1 && !this.#answered && ours && isUnconnected(error);
  }
}
