import { isIP } from 'node:net';
import { LALAMOVE_HOSTS } from '../../api/hosts.js';
import type { ClientSettings } from '../../client/client-settings.js';
import type { LalamoveHttpOptions } from '../../client/transport/lalamove-http.service.js';
import { isRecord } from '../../internal/is-record.js';
import { parsedJson } from '../../internal/parsed-json.js';
import type { LalamoveWebhookOptions } from '../../webhooks/webhook.options.js';
import { rooted } from '../../webhooks/endpoint/signed-paths.js';
import { explainNoAnswer } from '../connection-failure.js';
import type { Findings } from '../doctor-report.js';
import { exchange, type Answer, type NoAnswer } from '../http-exchange.js';
import { TEST_DATA, testEvent } from '../test-event.js';
import { originOf } from './option-checks.js';

/** An answer above this time is a warning. Lalamove does not say how long it waits. */
const SLOW_MS = 2000;

/** Statuses with which body parsers refuse an empty JSON body. */
const EMPTY_REFUSED = new Set([400, 415]);

const WRONG_SECRET = 'lalamove-doctor-wrong-secret';

/** What is known of the webhooks of an account. */
export interface WebhookTarget {
  readonly url: string;
  readonly settings: Pick<ClientSettings, 'apiKey' | 'apiSecret' | 'baseUrl' | 'timeoutMs'>;
  readonly webhook: LalamoveWebhookOptions;
  readonly http: LalamoveHttpOptions | undefined;
}

/**
 * Tests a webhook URL from outside: by the probe that Lalamove sends when a URL is registered, and by signed test
 * events that are too old to be handled.
 */
export async function checkWebhook(target: WebhookTarget, findings: Findings): Promise<void> {
  checkUrl(target, findings);
  const probe = await probed(target);
  if (!checkProbe(target, probe, findings)) return;
  const [secret] = secretsOf(target);
  const path = new URL(target.url).pathname;
  const signed = await postEvent(target, secret, path, TEST_DATA.smallest);
  await checkSigned(target, signed, findings);
  checkSpeed([probe, signed], findings);
  if (findings.hasFailed('webhook-signature')) return;
  checkRefusal(await postEvent(target, WRONG_SECRET, path, TEST_DATA.smallest), findings);
  if (findings.hasFailed('webhook-refusal')) return;
  const usual = await postEvent(target, secret, path, TEST_DATA.usual);
  const exact = await postEvent(target, secret, path, TEST_DATA.exact);
  checkBody(usual, exact, findings);
}

function post({ url, settings, http }: WebhookTarget, body: string): Promise<Answer | NoAnswer> {
  const headers = { 'Content-Type': 'application/json' };
  // The headers of `http` are for Lalamove alone.
  const agents = http && { ...http, headers: {} };
  return exchange({ method: 'POST', url, headers, body, timeoutMs: settings.timeoutMs, http: agents });
}

/** The answer to an empty body. Fastify refuses it before it knows whether there is a route: `{}` then tells. */
async function probed(target: WebhookTarget): Promise<Answer | NoAnswer> {
  const probe = await post(target, '');
  if (!('status' in probe) || !EMPTY_REFUSED.has(probe.status)) return probe;
  const second = await post(target, '{}');
  return 'status' in second && second.status === 404 ? second : probe;
}

function postEvent(target: WebhookTarget, secret: string, path: string, data: string): Promise<Answer | NoAnswer> {
  return post(target, testEvent(target.settings.apiKey, secret, path, data));
}

/** The secrets that may sign, the most likely one first. */
function secretsOf({ settings, webhook }: WebhookTarget): [string, ...string[]] {
  return [settings.apiSecret, ...(webhook.secrets ?? []).filter((secret) => secret !== settings.apiSecret)];
}

function checkUrl({ url, settings }: WebhookTarget, findings: Findings): void {
  const { protocol, hostname } = new URL(url);
  const isReal = Object.values(LALAMOVE_HOSTS).some((host) => settings.baseUrl.startsWith(host));
  if (isReal && isPrivate(hostname)) {
    const message = `Lalamove cannot reach ${hostname}: it is a name or an address of a private network.`;
    findings.add('webhook-url', 'failed', message, 'Give a public URL; for development, that of a tunnel.');
  } else if (protocol === 'http:' && isReal) {
    const message = `${originOf(url)} is plain http: names, phones and addresses travel unprotected.`;
    findings.add('webhook-url', 'warning', message, 'Use https.');
  } else {
    findings.add('webhook-url', 'ok', `The webhook URL is ${originOf(url)}.`);
  }
}

function isPrivate(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(host) === 4) return /^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(host);
  if (isIP(host) === 6) return /^(::1?$|f[cd]|fe[89ab])/i.test(host);
  return !host.includes('.') || /\.(local|localhost|internal|test|example|invalid)$/i.test(host);
}

/** @returns whether the URL answers an empty body with 200 */
function checkProbe({ url }: WebhookTarget, probe: Answer | NoAnswer, findings: Findings): boolean {
  const { host, pathname } = new URL(url);
  if (!('status' in probe)) {
    const { message, remedy } = explainNoAnswer(probe, host, 'the webhook host');
    findings.add('webhook-reachable', 'failed', message, remedy);
    return false;
  }
  if (probe.status === 200) {
    findings.add('webhook-reachable', 'ok', `${host} answers an empty POST with 200, as Lalamove demands.`);
    return true;
  }
  const { message, remedy } = explainStatus(probe, host, pathname);
  findings.add('webhook-reachable', 'failed', message, remedy);
  return false;
}

/** Explains an answer other than 200 to a probe, or to an event whose signature is right. */
function explainStatus(answer: Answer, host: string, path: string): { message: string; remedy: string } {
  const { status, headers } = answer;
  if (status >= 300 && status < 400) {
    const target = headers.location === undefined ? 'nowhere' : locationOf(headers.location, host);
    return {
      message: `${host} answers with a redirect (${status}) to ${target}.`,
      remedy: 'Lalamove demands 200: register the final URL, as https and with the right slash at its end.',
    };
  }
  if (status === 404) {
    return {
      message: `${host} has nothing at ${path} (404).`,
      remedy:
        'The path differs: compare webhook.path (LALAMOVE_WEBHOOK_PATH), the global prefix of the app, ' +
        'and what the proxy makes of the path.',
    };
  }
  if (status === 405) return { message: `${path} accepts no POST (405).`, remedy: 'The path differs: see above.' };
  if (status === 401 || status === 403 || status === 407) {
    return {
      message: `Something at ${host} demands credentials (${status}), before the webhook endpoint.`,
      remedy: 'Let Lalamove pass: exempt the path from guards, basic auth, CSRF protection and firewall rules.',
    };
  }
  if (status > 200 && status < 300) {
    return {
      message: `${path} answers ${status}, and Lalamove demands 200.`,
      remedy: 'Put @HttpCode(200) on the route, or let webhook.path mount the endpoint.',
    };
  }
  if (EMPTY_REFUSED.has(status)) {
    return {
      message: `${path} refuses an empty JSON body (${status}), with which Lalamove probes the URL.`,
      remedy: 'Answer it with 200: a body parser or a pipe of the route refuses it.',
    };
  }
  if (status >= 500 && codeOf(answer) === 'LALAMOVE_WEBHOOK_NOT_TAKEN') {
    return { message: `The app cannot accept events now (${status}).`, remedy: "Look into the app's log." };
  }
  if (status === 502 || status === 504) {
    return {
      message: `The proxy at ${host} does not reach the app (${status}).`,
      remedy: 'Start the app, and check the upstream of the proxy or of the tunnel.',
    };
  }
  return { message: `${path} answers ${status}.`, remedy: 'Look into the logs of the app and of the proxy.' };
}

/** Where a redirect leads to, without its query. */
function locationOf(location: string, host: string): string {
  return URL.canParse(location, `http://${host}`)
    ? originOf(new URL(location, `http://${host}`).href)
    : 'an invalid URL';
}

/** The `code` of the body, by which the answers of this package are recognised. */
function codeOf({ text }: Answer): unknown {
  const body = parsedJson(text);
  return isRecord(body) ? body.code : undefined;
}

async function checkSigned(target: WebhookTarget, signed: Answer | NoAnswer, findings: Findings): Promise<void> {
  const { host, pathname } = new URL(target.url);
  if (!('status' in signed)) {
    const { message, remedy } = explainNoAnswer(signed, host, 'the webhook host');
    findings.add('webhook-signature', 'failed', message, remedy);
  } else if (signed.status === 200) {
    findings.add('webhook-signature', 'ok', 'A signed test event is accepted.');
  } else if (signed.status === 401) {
    const { message, remedy } = await explainRefusal(target, signed);
    findings.add('webhook-signature', 'failed', message, remedy);
  } else if (codeOf(signed) === 'LALAMOVE_WEBHOOK_MALFORMED') {
    const message = 'The app gets a body that is no JSON object (400).';
    findings.add('webhook-signature', 'failed', message, 'A proxy changes the body: let it pass the bytes on.');
  } else {
    const { message, remedy } = explainStatus(signed, host, pathname);
    findings.add('webhook-signature', 'failed', message, remedy);
  }
}

/** Finds out by further test events why one with a right signature is refused. */
async function explainRefusal(target: WebhookTarget, refused: Answer): Promise<{ message: string; remedy: string }> {
  const { pathname } = new URL(target.url);
  const [first, ...others] = secretsOf(target);
  for (const path of otherPaths(target)) {
    const answer = await postEvent(target, first, path, TEST_DATA.smallest);
    if (!('status' in answer) || answer.status !== 200) continue;
    return {
      message: `The app checks signatures for the path ${path}, but Lalamove signs ${pathname}, the path of the URL.`,
      remedy: `Set webhook.publicPath (LALAMOVE_WEBHOOK_PUBLIC_PATH) to ${pathname}, or set webhook.url.`,
    };
  }
  for (const secret of others) {
    const answer = await postEvent(target, secret, pathname, TEST_DATA.smallest);
    if (!('status' in answer) || answer.status !== 200) continue;
    return {
      message: 'The app accepts another one of webhook.secrets, but not apiSecret.',
      remedy: 'Add the secret of these keys to webhook.secrets (LALAMOVE_WEBHOOK_SECRETS) of the app.',
    };
  }
  const isOurs = codeOf(refused) === 'LALAMOVE_WEBHOOK_SIGNATURE';
  return {
    message: 'The signature of a test event is refused (401), with every likely path.',
    remedy: isOurs
      ? "The secret differs: compare the app's LALAMOVE_API_SECRET and LALAMOVE_WEBHOOK_SECRETS with the one here."
      : 'Compare the secret of the app with the one here. If a guard answers instead of it, exempt the path.',
  };
}

/** Paths that an app may check, if it does not know its public path. */
function otherPaths({ url, webhook }: WebhookTarget): string[] {
  const { pathname, search } = new URL(url);
  const parts = pathname.split('/').filter((part) => part !== '');
  const shorter = parts.map((_, index) => `/${parts.slice(index).join('/')}`);
  const named = [webhook.publicPath, webhook.path].flatMap((path) => (path === undefined ? [] : [rooted(path)]));
  const slashed = [...named, ...shorter].flatMap((path) => [
    path,
    path.replace(/\/$/, ''),
    `${path.replace(/\/$/, '')}/`,
  ]);
  const withQuery = search === '' ? [] : [pathname + search];
  return [...new Set([...slashed, '/', ...withQuery])].filter((path) => path !== pathname && path !== '');
}

function checkRefusal(forged: Answer | NoAnswer, findings: Findings): void {
  if (!('status' in forged)) {
    findings.add('webhook-refusal', 'skipped', `There was no answer (${forged.code}).`);
  } else if (forged.status === 200) {
    findings.add(
      'webhook-refusal',
      'failed',
      'An event with a wrong signature is answered with 200: nothing verifies it, or the body is lost on its way.',
      'Let webhook.path mount the endpoint, or call LalamoveWebhooks.handle with the exact bytes (rawBody).',
    );
  } else {
    findings.add('webhook-refusal', 'ok', `An event with a wrong signature is refused (${forged.status}).`);
  }
}

function checkBody(usual: Answer | NoAnswer, exact: Answer | NoAnswer, findings: Findings): void {
  const remedy = 'Let the proxy and the body parsers pass the bytes on as they are.';
  const isAccepted = (answer: Answer | NoAnswer): boolean => 'status' in answer && answer.status === 200;
  if (!isAccepted(usual)) {
    const message = 'The body is changed on its way, so that signatures of events cannot be right.';
    findings.add('webhook-body', 'failed', message, remedy);
  } else if (isAccepted(exact)) {
    findings.add('webhook-body', 'ok', 'The body arrives byte for byte.');
  } else {
    const message = "The body is reformatted on its way. Lalamove's events still pass, by their re-serialised form.";
    findings.add('webhook-body', 'warning', message, remedy);
  }
}

function checkSpeed(answers: readonly (Answer | NoAnswer)[], findings: Findings): void {
  const slowest = Math.ceil(Math.max(...answers.map(({ tookMs }) => tookMs)));
  if (slowest <= SLOW_MS) {
    findings.add('webhook-speed', 'ok', `The slowest answer took ${slowest} ms.`);
    return;
  }
  const message = `An answer took ${slowest} ms.`;
  findings.add(
    'webhook-speed',
    'warning',
    message,
    'Answer at once, and work afterwards: Lalamove gives up and repeats.',
  );
}
