import { isIP } from 'node:net';
import type { NoAnswer } from './http-exchange.js';

/** Why there was no answer, and what to do. */
export interface ConnectionFailure {
  readonly message: string;
  readonly remedy: string;
}

/** The codes of OpenSSL and Node for a certificate or a TLS connection that failed. */
const TLS = /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH/;

/** The codes for an answer that is not TLS. */
const NO_TLS = /^EPROTO$|WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/;

/** The variables by which axios finds a proxy. */
const PROXY_VARIABLE = /^(npm_config_)?(https?|all)_proxy$/i;

/**
 * Explains why a server gave no answer.
 *
 * @param host the host, and its port if it has one
 * @param who the server, for the message
 */
export function explainNoAnswer({ code, tookMs }: NoAnswer, host: string, who: string): ConnectionFailure {
  const proxies = Object.entries(process.env).filter(([name, value]) => PROXY_VARIABLE.test(name) && value !== '');
  const proxy = proxies.length === 0 ? '' : ` ${proxies.map(([name]) => name).join(', ')} name a proxy: check it too.`;
  const failure = (message: string, remedy: string): ConnectionFailure => ({
    message: `${message} (${code}).`,
    remedy: `${remedy}${proxy}`,
  });
  const name = host.replace(/:\d+$/, '');
  if (/^(ENOTFOUND|EAI_\w+|ENODATA)$/.test(code)) {
    const isIp = isIP(name) !== 0;
    return failure(`DNS does not know ${who}, ${name}`, isIp ? 'Check the address.' : 'Check the name and your DNS.');
  }
  if (code === 'ECONNREFUSED') {
    return failure(`Nothing listens at ${host}`, `Check the host and the port, and that ${who} runs.`);
  }
  if (NO_TLS.test(code)) {
    const remedy = 'This port seems to speak http: use http:// in the URL, or the port of TLS.';
    return failure(`TLS with ${host} failed`, remedy);
  }
  if (TLS.test(code)) {
    return failure(
      `TLS with ${host} failed`,
      'Check the certificate: its names, its end, and its chain. ' +
        'If a proxy inspects TLS here, pass its certificate in NODE_EXTRA_CA_CERTS.',
    );
  }
  if (code === 'TIMEOUT' || code === 'ETIMEDOUT') {
    return failure(`${host} did not answer within ${Math.round(tookMs)} ms`, 'Check firewall, route and load.');
  }
  if (/^E(HOST|NET)UNREACH$/.test(code)) return failure(`There is no route to ${host}`, 'Check network and firewall.');
  return failure(
    `The connection to ${host} broke`,
    'Check what stands between: a proxy, a load balancer, a firewall, or http instead of https.',
  );
}
