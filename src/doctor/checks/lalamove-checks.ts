import { randomUUID } from 'node:crypto';
import type { City } from '../../api/answers/city.js';
import { readCities } from '../../api/answers/city.js';
import { MARKET_LANGUAGES } from '../../api/market-languages.js';
import { readRateLimit } from '../../api/rate-limit-headers.js';
import { sign } from '../../api/signature.js';
import type { ClientSettings } from '../../client/client-settings.js';
import type { LalamoveHttpOptions } from '../../client/transport/lalamove-http.service.js';
import { readErrorBody } from '../../errors/error-body.js';
import { isLoopbackHost, START_SANDBOX } from '../../internal/is-loopback.js';
import { isRecord } from '../../internal/is-record.js';
import { parsedJson } from '../../internal/parsed-json.js';
import { explainNoAnswer } from '../connection-failure.js';
import type { Findings } from '../doctor-report.js';
import { exchange, type Answer, type NoAnswer } from '../http-exchange.js';

const PATH = '/v3/cities';

/** A skew that the resolution of the `Date` header and a slow line explain. */
const MAX_SKEW_SECONDS = 5;
/** Above it the clock is wrong for every purpose. */
const MAX_TOLERATED_SKEW_SECONDS = 60;

/** Codes by which Lalamove refuses the market. */
const MARKET_CODES = new Set<string | undefined>(['ERR_INVALID_MARKET', 'ERR_INVALID_COUNTRY']);

/** What the calls need: the settings of the client, and agents and proxy. */
export interface Account {
  readonly settings: ClientSettings;
  readonly http: LalamoveHttpOptions | undefined;
}

/** Checks everything that one `GET /v3/cities` shows. If the market is refused, it asks for the other markets too. */
export async function checkLalamove(account: Account, findings: Findings): Promise<void> {
  const { settings } = account;
  const host = new URL(settings.baseUrl).host;
  const sentAt = settings.clock.now();
  const answer = await askForCities(account, settings.market);
  findings.add(
    'wallet',
    'skipped',
    'No call shows the wallet. An order without credit fails with 402.',
    'See the partner portal.',
  );
  if (!('status' in answer)) {
    const { message, remedy } = explainNoAnswer(answer, host, "Lalamove's host");
    const isSandbox = answer.code === 'ECONNREFUSED' && isLoopbackHost(host);
    findings.add('reachable', 'failed', message, isSandbox ? START_SANDBOX : remedy);
    return;
  }
  const cities = citiesIn(answer);
  checkReached(answer, host, cities, findings);
  if (findings.hasFailed('reachable')) return;
  checkClock(answer, sentAt, findings);
  checkSignature(answer, cities, findings);
  checkRateLimits(answer, findings);
  if (MARKET_CODES.has(codeOf(answer))) await refuseMarket(account, answer, findings);
  if (cities) checkCities(cities, settings.market.toUpperCase(), findings);
}

async function askForCities({ settings, http }: Account, market: string): Promise<Answer | NoAnswer> {
  const { apiKey, apiSecret, baseUrl, clock, timeoutMs } = settings;
  const timestamp = String(Math.trunc(clock.now()));
  const signature = sign(apiSecret, { timestamp, method: 'GET', path: PATH, body: '' });
  const headers = {
    Authorization: `hmac ${apiKey}:${timestamp}:${signature}`,
    Market: market.toUpperCase(),
    'Request-ID': randomUUID(),
    Accept: 'application/json',
  };
  return exchange({ method: 'GET', url: baseUrl + PATH, headers, timeoutMs, http });
}

/** The list of an answer; `undefined` if it is none. */
function citiesIn({ status, text }: Answer): City[] | undefined {
  const body = status === 200 ? parsedJson(text) : undefined;
  return isRecord(body) ? readCities(body.data) : undefined;
}

/** Texts of the answer are not shown, so nothing needs to be cleaned. */
function codeOf({ text }: Answer): string | undefined {
  return readErrorBody(text, (it) => it).errors[0]?.code;
}

function isPage({ headers, text }: Answer): boolean {
  return (headers['content-type'] ?? '').includes('html') || /^\s*<(!doctype|html)/i.test(text);
}

function checkReached(answer: Answer, host: string, cities: City[] | undefined, findings: Findings): void {
  const { status, tookMs } = answer;
  const fail = (message: string, remedy: string): void => {
    findings.add('reachable', 'failed', message, remedy);
  };
  const notLalamove = 'Check the base URL, HTTPS_PROXY, and whether a firewall or a captive portal answers instead.';
  if (status >= 300 && status < 400) {
    fail(`${host} answered ${status}, a redirect.`, 'Lalamove never redirects. Use the final URL as base URL.');
  } else if (status === 407) {
    fail('The proxy demands credentials (407).', 'Put them into HTTPS_PROXY, or into http.proxy of the options.');
  } else if (status === 404) {
    fail(`${host} has no ${PATH} (404).`, 'Check the path of the base URL: it is what stands before /v3.');
  } else if (status < 500 && status !== 401 && status !== 429 && isPage(answer)) {
    fail(`${host} answered with an HTML page (${status}), which is not Lalamove's.`, notLalamove);
  } else if (status < 300 && !cities) {
    fail(`${host} answered ${status} without a list of cities: it is not Lalamove's.`, notLalamove);
  } else {
    findings.add('reachable', 'ok', `${host} answered within ${Math.ceil(tookMs)} ms.`);
  }
}

function checkClock({ headers: { date }, tookMs }: Answer, sentAt: number, findings: Findings): void {
  const serverNow = Date.parse(date ?? '');
  if (Number.isNaN(serverNow)) {
    findings.add('clock', 'skipped', 'The answer has no Date header to compare the clock with.');
    return;
  }
  const skew = Math.round((sentAt + tookMs / 2 - serverNow) / 1000);
  const seconds = Math.abs(skew);
  if (seconds <= MAX_SKEW_SECONDS + tookMs / 2000) {
    findings.add('clock', 'ok', `The clock agrees with the server's, within ${MAX_SKEW_SECONDS} s.`);
    return;
  }
  const status = seconds > MAX_TOLERATED_SKEW_SECONDS ? 'failed' : 'warning';
  const message = `The clock is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} the server's.`;
  findings.add('clock', status, message, 'Synchronise it by NTP: signatures, schedules and webhooks depend on it.');
}

function checkSignature(answer: Answer, cities: City[] | undefined, findings: Findings): void {
  const { status } = answer;
  const compare = 'Copy both keys of one pair from the partner portal again.';
  const clock = findings.hasFailed('clock') ? ' First set the clock: the signature covers the time.' : '';
  if (status === 401) {
    findings.add('signature', 'failed', 'Key or signature are refused (401).', `${compare}${clock}`);
  } else if (status === 502) {
    const message = 'A gateway answered 502. Lalamove also answers this to wrong keys.';
    findings.add('signature', 'failed', message, `If it stays: ${compare}${clock}`);
  } else if (status === 403) {
    findings.add('signature', 'failed', 'The account is refused (403).', 'Ask Lalamove whether it is blocked.');
  } else if (status === 429) {
    findings.add('signature', 'skipped', 'The rate limit is exceeded (429).', 'Run the doctor again in a minute.');
  } else if (status >= 500) {
    findings.add('signature', 'skipped', `Lalamove failed (${status}).`, 'Run the doctor again later.');
  } else {
    findings.add('signature', 'ok', 'Key and signature are accepted.');
  }
  if (cities) return;
  if (status >= 400 && status < 500 && ![401, 403, 429].includes(status) && !MARKET_CODES.has(codeOf(answer))) {
    findings.add('cities', 'failed', `GET ${PATH} was refused (${status}).`, 'See the error codes in the documents.');
  }
}

function checkRateLimits({ status, headers }: Answer, findings: Findings): void {
  const { limit, remaining } = readRateLimit(headers);
  if (limit === undefined) {
    // A gateway refuses wrong keys before it counts.
    if (status >= 400) return;
    const message = 'The answer has no rate-limit headers.';
    findings.add('rate-limits', 'warning', message, 'The package keeps to the limits of the guide without them.');
  } else if (remaining !== undefined && remaining < limit / 10) {
    const message = `Only ${remaining} of ${limit} requests a minute are left.`;
    findings.add('rate-limits', 'warning', message, 'Find who uses these keys, or set rateLimit.processes.');
  } else {
    const left = remaining === undefined ? '' : `, ${remaining} are left`;
    findings.add('rate-limits', 'ok', `The limit is ${limit} requests a minute for this call${left}.`);
  }
}

async function refuseMarket(account: Account, answer: Answer, findings: Findings): Promise<void> {
  const market = account.settings.market.toUpperCase();
  const accepted: string[] = [];
  for (const other of Object.keys(MARKET_LANGUAGES)) {
    if (other === market) continue;
    const found = await askForCities(account, other);
    if (!('status' in found) || found.status === 429) break;
    if (citiesIn(found)) accepted.push(other);
  }
  const message = `The market ${market} is refused for these keys (${answer.status}).`;
  const remedy =
    accepted.length > 0
      ? `The keys are accepted in ${accepted.join(', ')}: set market (LALAMOVE_MARKET).`
      : 'Keys belong to one market: set market (LALAMOVE_MARKET) to it, or get keys for this one.';
  findings.add('market-accepted', 'failed', message, remedy);
}

function checkCities(cities: readonly City[], market: string, findings: Findings): void {
  findings.add('market-accepted', 'ok', `The market ${market} is accepted for these keys.`);
  const services = new Set(cities.flatMap((city) => servicesOf(city)));
  if (cities.length === 0 || services.size === 0) {
    const message = `Lalamove lists ${cities.length} cities and ${services.size} services for ${market}.`;
    findings.add('cities', 'failed', message, 'Ask Lalamove to enable services for the account.');
    return;
  }
  const [names, keys] = [cities.map(({ locode }) => locode), [...services]].map((list) => shortened(list));
  const message = `Cities: ${names ?? ''}. Services: ${keys ?? ''}.`;
  findings.add('cities', 'ok', message);
}

/** The answer comes from outside: a city may lack its services. */
function servicesOf(city: unknown): string[] {
  const services: unknown = isRecord(city) ? city.services : undefined;
  if (!Array.isArray(services)) return [];
  return services.flatMap((service: unknown) =>
    isRecord(service) && typeof service.key === 'string' ? [service.key] : [],
  );
}

const MAX_LISTED = 6;

function shortened(list: readonly unknown[]): string {
  const rest = list.length - MAX_LISTED;
  return `${list.slice(0, MAX_LISTED).map(String).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
