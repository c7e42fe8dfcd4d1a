import type { IncomingHttpHeaders } from 'node:http';

/**
 * Why a request to a sandbox on loopback is refused: a web page that points its own host name at this machine has the
 * wrong `Host` header. `undefined` if it is not.
 */
export function hostRefusal({ host = '' }: IncomingHttpHeaders): string | undefined {
  const name = host.replace(/:\d+$/, '');
  return /^(localhost|127(\.\d+){3}|\[::1\])$/i.test(name)
    ? undefined
    : 'The sandbox listens on loopback: reach it by localhost or 127.0.0.1.';
}
