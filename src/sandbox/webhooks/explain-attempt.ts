import type { PostOutcome } from './post-webhook.js';

/** Explains an attempt that the receiver did not answer with 200: what is usually wrong, and what to do. */
export function explainAttempt(url: string, apiKey: string, outcome: PostOutcome): string | undefined {
  const { host, pathname, protocol } = new URL(url);
  return 'status' in outcome
    ? explainStatus(outcome.status, { host, pathname, apiKey })
    : explainError(outcome.error, { host, protocol });
}

interface Place {
  readonly host: string;
  readonly pathname: string;
  readonly apiKey: string;
}

function explainStatus(status: number, { host, pathname, apiKey }: Place): string | undefined {
  if (status === 200) return undefined;
  if (status === 401)
    return (
      `The receiver does not accept the signature. It covers the path ${pathname}, with the secret of ${apiKey}. ` +
      'Either the path differs: a proxy or tunnel hands the request on with another one. Or the receiver checks with ' +
      'another secret. Or a guard of the app stands in front of the endpoint.'
    );
  if (status === 403)
    return `Something in front of the endpoint refuses the request: a guard, a firewall, or protection against CSRF.`;
  if (status === 404)
    return (
      `The path differs: an app answers at ${host}, and has no POST ${pathname}. Compare the registered URL with the ` +
      "path of the endpoint, and with the app's global prefix."
    );
  if (status === 405) return `The app at ${host} knows the path ${pathname}, but takes no POST there.`;
  if (status === 400 || status === 415 || status === 422)
    return 'The receiver cannot read the body. Look for a body parser or a validation pipe in front of the endpoint.';
  if (status === 413) return 'The receiver limits the length of bodies: raise the limit of its body parser.';
  if (status === 429) return 'The receiver limits the number of requests: exempt the webhook path.';
  if (status >= 300 && status < 400)
    return 'The receiver redirects. Webhooks follow no redirect: register the URL to which it leads.';
  if (status >= 500) return `The receiver failed. The log of the app at ${host} says why.`;
  return 'Only the status 200 counts as received.';
}

function explainError(error: string, { host, protocol }: { host: string; protocol: string }): string {
  if (error.includes('ECONNREFUSED'))
    return `No app listens at ${host}. Start it, or register the URL with the port on which it listens.`;
  if (error.includes('ENOTFOUND') || error.includes('EAI_AGAIN'))
    return `The name in ${host} is not known here. Look for a typing error; a container has names of its own.`;
  if (error.startsWith('no answer within'))
    return (
      'The receiver took too long. Answer 200 first, and do the work after it. If the handler itself calls the ' +
      'sandbox and waits, both wait for each other.'
    );
  if (/certificate|CERT_|SELF_SIGNED/i.test(error))
    return 'The certificate of the receiver is not trusted. Register a http URL, or set NODE_EXTRA_CA_CERTS here.';
  if (/EPROTO|wrong version number|packet length/i.test(error))
    return `The app at ${host} does not speak TLS: register the URL with http.`;
  if (/socket hang up|ECONNRESET|closed without an answer/.test(error))
    return protocol === 'http:'
      ? 'The receiver closed the connection without an answer. It crashed, or it expects https.'
      : 'The receiver closed the connection without an answer. Look into its log.';
  return `The connection to ${host} failed.`;
}
