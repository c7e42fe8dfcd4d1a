import { drawBody, type Echo, type MutatedOperation } from './mutated-bodies.js';
import { drawEncoding, framed } from './mutated-framing.js';
import { drawHeaders, drawStatusLine, type Draft } from './mutated-heads.js';
import { SeededRandom } from '../support/seeded-random.js';
import { maybeLost, readWire, type Silence, type WireReading } from './wire-reading.js';

/** An answer as the server writes it. */
export interface MutatedAnswer {
  /** What was mutated, for a person who reads a failure. */
  traits: readonly string[];
  /** The pieces; each is written at once, one after the other. */
  pieces: readonly Buffer[];
  bytes: Buffer;
  /** What the server does after bytes that are no whole answer. */
  silence: Silence;
  /** Whether a reset immediately follows the last byte. */
  hasty: boolean;
  /** The expected reading of the bytes. */
  reading: WireReading;
  /** Whether the bytes echo the request, and so differ from one request to the next. */
  echoes: boolean;
}

/** Identifies an answer; everything else is derived from it. */
export interface AnswerName {
  seed: number;
  index: number;
  /** 1 for the first attempt of a call. */
  attempt: number;
  operation: MutatedOperation;
  /** Whether the server may stall, which costs the time limit of the call. */
  mayStall: boolean;
}

// prettier-ignore
const STATUSES = {
  success: [200, 201, 202, 203, 204, 205, 206, 226, 299],
  redirect: [300, 301, 302, 303, 304, 307, 308, 399],
  refusal: [400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 418, 422, 422, 422, 423, 429, 429, 429, 431, 451, 499],
  failure: [500, 500, 501, 502, 502, 503, 503, 503, 504, 511, 520, 599],
  odd: [0, 99, 101, 600, 600, 601, 666, 700, 700, 999, 999],
};

const USUAL: Readonly<Record<MutatedOperation, number>> = {
  getOrder: 200,
  placeOrder: 201,
  createQuotation: 201,
  cancelOrder: 204,
};

/** The id that distinguishes the data of this answer from all others: as long as the ids of Lalamove. */
export function idOfAnswer({ index, attempt }: Pick<AnswerName, 'index' | 'attempt'>): string {
  return String(3_000_000_000_000_000_000n + BigInt(index) * 10n + BigInt(attempt));
}

/** Generates the answer that a name identifies. */
export function mutatedAnswer(name: AnswerName, echo: Echo): MutatedAnswer {
  const random = new SeededRandom(name.seed, name.index, name.attempt);
  const status = drawStatus(random, name.operation);
  const drawn = drawBody({ random, operation: name.operation, status, id: idOfAnswer(name), echo });
  const draft: Draft = {
    random,
    traits: [String(status), drawn.trait],
    statusLine: '',
    status,
    headers: [],
    body: drawn.bytes,
  };
  drawStatusLine(draft);
  const echoesInHead = drawHeaders(draft, echo);
  drawEncoding(draft);
  const whole = framed(draft);
  const silence = random.weighted<Silence>([
    [45, 'close'],
    [30, 'reset'],
    [name.mayStall ? 25 : 0, 'stall'],
  ]);
  const bytes = random.chance(0.22) ? cut(draft, whole) : whole;
  const read = readWire(bytes, silence);
  const hasty = !read.complete && silence === 'reset' && random.chance(0.04);
  const reading = hasty ? maybeLost(read) : read;
  const pieces = divided(random, bytes, reading.end);
  return {
    traits: draft.traits,
    pieces,
    bytes,
    silence,
    hasty,
    reading,
    echoes: echoesInHead || drawn.echoes === true,
  };
}

function drawStatus(random: SeededRandom, operation: MutatedOperation): number {
  return random.weighted<() => number>([
    [38, () => USUAL[operation]],
    [8, () => random.pick(STATUSES.success)],
    [5, () => random.pick(STATUSES.redirect)],
    [30, () => random.pick(STATUSES.refusal)],
    [15, () => random.pick(STATUSES.failure)],
    [3, () => random.pick(STATUSES.odd)],
  ])();
}

function cut({ random, traits }: Draft, whole: Buffer): Buffer {
  const at = random.below(whole.length);
  traits.push(`cut at ${at} of ${whole.length}`);
  return whole.subarray(0, at);
}

/**
 * Splits bytes into 1 to 5 pieces, anywhere before the end (often within a character). Bytes after the end are sent
 * with the last byte.
 */
function divided(random: SeededRandom, bytes: Buffer, end: number): Buffer[] {
  const splits = Array.from({ length: random.between(0, 4) }, () => {
    const at = random.below(Math.max(end, 1));
    if (random.chance(0.5)) return at;
    const withTimeout = bytes.subarray(at, end).findIndex((byte) => (byte & 0xc0) === 0x80);
    return withTimeout < 0 ? at : at + withTimeout;
  });
  const offsets = [0, ...splits.sort((a, b) => a - b), bytes.length];
  return offsets
    .slice(1)
    .map((to, at) => bytes.subarray(offsets[at], to))
    .filter((piece) => piece.length > 0);
}
