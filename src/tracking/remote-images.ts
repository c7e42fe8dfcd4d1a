import { lookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { detached } from '../internal/async-context.js';

/** A picture as it is served. */
export interface RemoteImage {
  readonly type: string;
  readonly body: Buffer;
}

const MAX_IMAGE_BYTES = 6 * 1024 * 1024;
const MAX_CACHED_BYTES = 48 * 1024 * 1024;
const TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 2;
/** A picture that could not be fetched is not asked for again so soon. */
const FAILURE_HOLD_MS = 15_000;

/** Addresses that are not public. A name of a picture's host must not lead to one of them. */
const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv4');
// Not ::ffff:0:0/96, which would be the whole of IPv4: such addresses are compared as those of IPv4.
for (const [net, bits] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  // Teredo and 6to4, whose addresses contain one of IPv4.
  ['2001::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv6');

/** Whether an IP address is reached over the internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !PRIVATE.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) {
      callback(error, '', 4);
      return;
    }
    const isPublic = addresses.every(({ address }) => isPublicAddress(address));
    const [first] = addresses;
    if (!isPublic || !first) callback(new Error('The host of the picture is not public.'), '', 4);
    else if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

/**
 * Fetches pictures that Lalamove's answers name, so that a visitor's browser asks nobody but the host. Only by `https`
 * at a public address, or at the account's own base URL, which is a sandbox's.
 */
export class RemoteImages {
  readonly #cached = new Map<string, RemoteImage>();
  readonly #running = new Map<string, Promise<RemoteImage | undefined>>();
  readonly #failed = new Map<string, number>();
  #cachedBytes = 0;

  /** @param timeoutMs how long one picture may take, its redirects included */
  constructor(private readonly timeoutMs = TIMEOUT_MS) {}

  /**
   * @param url from an answer of Lalamove's
   * @param baseUrl of the account
   * @returns `undefined` if it is no picture, or cannot be fetched. It never rejects
   */
  async get(url: string, baseUrl: string | undefined): Promise<RemoteImage | undefined> {
    const known = this.#cached.get(url);
    if (known) return known;
    const failedAt = this.#failed.get(url);
    if (failedAt !== undefined && performance.now() - failedAt < FAILURE_HOLD_MS) return undefined;
    const running = this.#running.get(url) ?? detached(() => this.#fetch(url, baseUrl));
    this.#running.set(url, running);
    return running;
  }

  async #fetch(url: string, baseUrl: string | undefined): Promise<RemoteImage | undefined> {
    try {
      const image = await fetchImage(url, { baseUrl, signal: AbortSignal.timeout(this.timeoutMs) }, MAX_REDIRECTS);
      this.#failed.delete(url);
      this.#keep(url, image);
      return image;
    } catch {
      if (this.#failed.size > 1000) this.#failed.clear();
      this.#failed.set(url, performance.now());
      return undefined;
    } finally {
      this.#running.delete(url);
    }
  }

  #keep(url: string, image: RemoteImage): void {
    this.#cached.set(url, image);
    this.#cachedBytes += image.body.length;
    for (const [oldest, { body }] of this.#cached) {
      if (this.#cachedBytes <= MAX_CACHED_BYTES) return;
      this.#cached.delete(oldest);
      this.#cachedBytes -= body.length;
    }
  }
}

interface FetchOptions {
  readonly baseUrl: string | undefined;
  /** Ends all requests of a picture. */
  readonly signal: AbortSignal;
}

async function fetchImage(address: string, options: FetchOptions, redirects: number): Promise<RemoteImage> {
  const { baseUrl, signal } = options;
  const url = new URL(address);
  const isOwn = baseUrl !== undefined && URL.canParse(baseUrl) && isSameServer(new URL(baseUrl), url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.username !== '' || url.password !== '') throw new Error('The address of the picture has a user.');
  if (!isOwn && (url.protocol !== 'https:' || isIP(host) !== 0 || host === 'localhost'))
    throw new Error('The picture is not at a public https address.');
  const response = await answerOf(url, isOwn, signal);
  const { statusCode = 0, headers } = response;
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined && redirects > 0) {
    response.destroy();
    return fetchImage(new URL(headers.location, url).href, options, redirects - 1);
  }
  if (statusCode !== 200) {
    response.destroy();
    throw new Error(`The picture's server answered ${statusCode}.`);
  }
  const body = await bodyOf(response);
  const type = imageType(body);
  if (type === undefined) throw new Error('It is no picture.');
  return { type, body };
}

/** Whether two addresses are of one server. An app may reach a sandbox on this machine by another name than its own. */
function isSameServer(base: URL, url: URL): boolean {
  const isLocal = ({ hostname }: URL): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  return base.origin === url.origin || (base.port === url.port && isLocal(base) && isLocal(url));
}

function answerOf(url: URL, isOwn: boolean, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = {
      signal,
      agent: false,
      headers: { accept: 'image/*' },
      ...(!isOwn && { lookup: publicLookup }),
    };
    const sent = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
    sent.on('response', resolve).on('error', reject).end();
  });
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > MAX_IMAGE_BYTES) {
      response.destroy();
      throw new Error('The picture is too large.');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The type by the first bytes, because what a server says proves nothing. SVG is refused: it can be a program. */
export function imageType(body: Buffer): string | undefined {
  const starts = (hex: string, at = 0): boolean => body.toString('hex', at, at + hex.length / 2) === hex;
  if (starts('ffd8ff')) return 'image/jpeg';
  if (starts('89504e470d0a1a0a')) return 'image/png';
  if (starts('47494638')) return 'image/gif';
  if (starts('52494646') && starts('57454250', 8)) return 'image/webp';
  return undefined;
}
