import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What a link says. It is not readable without the secret. */
export interface LinkContent {
  /** The id of the delivery, a UUID. */
  readonly deliveryId: string;
  /** The recipient whose view it shows: 0 is the first one. */
  readonly recipient: number;
  /** How often the links of the delivery had been revoked when it was made. */
  readonly generation: number;
  /** Unix seconds. */
  readonly expiresAt: number;
}

const VERSION = 1;
const TAG_BYTES = 16;
/** Version, expiry, recipient, generation, id. */
const CONTENT_BYTES = 1 + 4 + 1 + 4 + 16;
const TOKEN = new RegExp(`^[\\w-]{${Math.ceil(((TAG_BYTES + CONTENT_BYTES) * 4) / 3)}}$`);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

interface Keys {
  readonly mac: Buffer;
  readonly cipher: Buffer;
}

/**
 * Writes and reads the secret part of links. Its content is authenticated by HMAC-SHA256, cut to 128 bits, and
 * encrypted by AES-256-CTR with the authentication code as its initial counter (a synthetic IV, as in RFC 5297): it is
 * short, shows nothing, and any change of it is noticed.
 */
export class LinkCodec {
  readonly #keys: readonly [Keys, ...Keys[]];

  /** @param secrets the first one writes, all of them read */
  constructor([first, ...others]: readonly [string, ...string[]]) {
    this.#keys = [keysOf(first), ...others.map(keysOf)];
  }

  /** @throws RangeError if the delivery's id is no UUID, or a number is out of range */
  seal({ deliveryId, recipient, generation, expiresAt }: LinkContent): string {
    if (!UUID.test(deliveryId)) throw new RangeError('The id of the delivery is no UUID.');
    const content = Buffer.alloc(CONTENT_BYTES);
    content.writeUInt8(VERSION, 0);
    content.writeUInt32BE(expiresAt, 1);
    content.writeUInt8(recipient, 5);
    content.writeUInt32BE(generation, 6);
    content.write(deliveryId.replaceAll('-', ''), 10, 'hex');
    const [{ mac, cipher }] = this.#keys;
    const tag = tagOf(mac, content);
    const stream = createCipheriv('aes-256-ctr', cipher, tag);
    return Buffer.concat([tag, stream.update(content)]).toString('base64url');
  }

  /** @returns `undefined` for anything that {@link seal} has not written with one of the secrets */
  open(token: string): LinkContent | undefined {
    if (!TOKEN.test(token)) return undefined;
    const bytes = Buffer.from(token, 'base64url');
    const tag = bytes.subarray(0, TAG_BYTES);
    let found: Buffer | undefined;
    // Every key is tried, also after a match, so that the time says nothing about which one matches.
    for (const { mac, cipher } of this.#keys) {
      const content = createDecipheriv('aes-256-ctr', cipher, tag).update(bytes.subarray(TAG_BYTES));
      if (timingSafeEqual(tagOf(mac, content), tag)) found = content;
    }
    // The last character of base64url has unused bits: only one way to write a link is valid.
    if (found?.readUInt8(0) !== VERSION || bytes.toString('base64url') !== token) return undefined;
    const hex = found.toString('hex', 10);
    return {
      deliveryId: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
      recipient: found.readUInt8(5),
      generation: found.readUInt32BE(6),
      expiresAt: found.readUInt32BE(1),
    };
  }
}

function keysOf(secret: string): Keys {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'nestjs-lalamove tracking links, version 1', 64));
  return { mac: bytes.subarray(0, 32), cipher: bytes.subarray(32) };
}

function tagOf(mac: Buffer, content: Buffer): Buffer {
  return createHmac('sha256', mac).update(content).digest().subarray(0, TAG_BYTES);
}
