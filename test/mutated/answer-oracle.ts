import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync, unzipSync } from 'node:zlib';
import type { Echo, MutatedOperation } from './mutated-bodies.js';
import type { WireReading, WireView } from './wire-reading.js';

/** The properties of an exception that follow from the bytes of the answer. */
export interface Ending {
  name: string;
  code: string;
  upstreamStatus: number | undefined;
  /** The exception of a call that may be retried; set only if the outcome is unknown. */
  cause?: Ending;
  /** The expected `retryAfterSeconds`; `undefined` if there must be none, `'any'` if the header is ambiguous. */
  retryAfter?: number | 'any' | undefined;
}

/** The permitted results of a call that received an answer. */
export interface Verdict {
  /** The data that the call may return. */
  data: readonly unknown[];
  endings: readonly Ending[];
  /** Why more than one result is permitted. */
  doubts: readonly string[];
  /** Whether the answer refuses the call unprocessed: then any call may be retried. */
  refusedForNow: boolean;
  /** Whether a retry cannot change the result: data, or a permanent refusal. */
  final: boolean;
}

/** The exceptions of Lalamove's codes, as the README lists them. */
// prettier-ignore
const CODES_OF_CLASS = {
  MalformedRequestException: ['ERR_MALFORMED_JSON_BODY', 'ERR_BAD_REQUEST'],
  InsufficientCreditException: ['ERR_INSUFFICIENT_CREDIT'],
  CancellationForbiddenException: ['ERR_CANCELLATION_FORBIDDEN'],
  OrderAlreadyCanceledException: ['ERR_CANCELLATION'],
  InvalidMarketException: ['ERR_INVALID_COUNTRY', 'ERR_INVALID_MARKET'],
  InvalidRequestException: [
    'ERR_INVALID_PARAMS', 'ERR_REQUIRED_FIELD', 'ERR_MISSING_FIELD', 'ERR_INVALID_FIELD', 'ERR_INSUFFICIENT_STOPS', 'ERR_TOO_MANY_STOPS',
    'ERR_DELIVERY_MISMATCH', 'ERR_INVALID_PAYMENT_METHOD', 'ERR_INVALID_LOCALE', 'ERR_INVALID_CURRENCY', 'ERR_INVALID_SCHEDULE_TIME',
    'ERR_INVALID_SERVICE_TYPE', 'ERR_INVALID_SPECIAL_REQUEST',
  ],
  OrderNotFoundException: ['ERR_ORDER_NOT_FOUND'],
  DriverNotFoundException: ['ERR_DRIVER_NOT_FOUND'],
  InvalidQuotationException: ['ERR_PRICE_MISMATCH', 'ERR_INVALID_QUOTATION_ID'],
  InvalidPhoneNumberException: ['ERR_INVALID_PHONE_NUMBER'],
  OutOfServiceAreaException: ['ERR_OUT_OF_SERVICE_AREA'],
  InvalidAddressException: ['ERR_REVERSE_GEOCODE_FAILURE', 'ERR_INCORRECT_ADDRESS'],
  InvalidOrderStatusException: ['ERR_INVALID_ORDER_STATUS'],
  OrderNotEditableException: ['ERR_ORDER_EDIT'],
  DriverChangeForbiddenException: ['ERR_CHANGE_DRIVER'],
  InvalidPriorityFeeException: ['ERR_EXCEED_MIN_TIPS', 'ERR_EXCEED_MAX_TIPS', 'ERR_INVALID_TIPS'],
  WebhookUrlRefusedException: ['ERR_INVALID_RESPONSE'],
  RateLimitedException: ['ERR_RATE_LIMIT_EXCEEDED', 'ERR_TOO_MANY_REQUESTS'],
};

const CLASS_OF_CODE = new Map(
  Object.entries(CODES_OF_CLASS).flatMap(([name, codes]) => codes.map((code): [string, string] => [code, name])),
);

/** Every code that Lalamove documents. */
export const DOCUMENTED_CODES: readonly string[] = [...CLASS_OF_CODE.keys()];

/** The exceptions of statuses without a code, and the stable codes that they get. */
// prettier-ignore
const BY_STATUS = new Map<number, readonly [name: string, code: string]>([
  [400, ['MalformedRequestException', 'LALAMOVE_UNKNOWN_ERROR']],
  [401, ['LalamoveAuthenticationException', 'LALAMOVE_UNAUTHORIZED']],
  [402, ['InsufficientCreditException', 'LALAMOVE_UNKNOWN_ERROR']],
  [403, ['LalamoveForbiddenException', 'LALAMOVE_FORBIDDEN']],
  [404, ['LalamoveNotFoundException', 'LALAMOVE_NOT_FOUND']],
  [408, ['LalamoveTimeoutException', 'LALAMOVE_TIMEOUT']],
  [429, ['RateLimitedException', 'LALAMOVE_RATE_LIMITED']],
]);

/** The calls that must not be retried if the outcome is unknown. */
const SPENDING = new Set<MutatedOperation>(['placeOrder']);

/** Returns the permitted results of a call, from the bytes of the answer alone. */
export function judge(operation: MutatedOperation, { views, doubts }: WireReading, echo: Echo): Verdict {
  const verdicts = views.map((view) => judgeView(operation, view, echo));
  return {
    data: verdicts.flatMap(({ data }) => data),
    endings: verdicts.flatMap(({ endings }) => endings),
    doubts: [...doubts, ...verdicts.flatMap((verdict) => verdict.doubts)],
    refusedForNow: views.some((view) => view.kind === 'answer' && view.status === 429 && isBelievable(view)),
    final: verdicts.every(({ final }) => final),
  };
}

function judgeView(operation: MutatedOperation, view: WireView, echo: Echo): Omit<Verdict, 'refusedForNow'> {
  if (view.kind === 'nothing') {
    return { data: [], endings: [settled(operation, broken(view.end, undefined))], doubts: [], final: false };
  }
  const { status, end, headers, body } = view;
  const packed = headers.get('content-encoding') ?? '';
  const texts = unpacked(body, packed);
  const doubts = texts.length > 1 ? ['a body that is not well packed'] : [];
  if (end !== 'whole' && status < 400) {
    const unreadable = packed !== '' || body.length > 4_000_000;
    const endings = [broken(end, status), ...(unreadable ? [unreadableEnd(status)] : [])];
    return { data: [], endings: endings.map((ending) => settled(operation, ending)), doubts, final: false };
  }
  // A refusal that breaks off is still a refusal by its status, and by its code if the code arrived.
  if (end !== 'whole') texts.push(undefined);

  const found = texts.map((text) => (isPage(headers) ? undefined : dataIn(operation, status, text)));
  const refused = texts.flatMap((text, at) => {
    const isBelieved = end === 'whole' && !isPage(headers) && isOfLalamoves(status, text);
    const endings = found[at] === undefined ? refusals(view, text, echo) : [];
    return endings.map((ending) => settled(operation, ending, isBelieved));
  });
  return {
    data: found.flatMap((data) => (data === undefined ? [] : [data.value])),
    endings: refused,
    doubts,
    final: found.every((data, at) => data !== undefined || isFinal(status, refusals(view, texts[at], echo))),
  };
}

const isRefusal = (status: number): boolean => status >= 400 && status < 500 && status !== 408;

function isFinal(status: number, endings: readonly Ending[]): boolean {
  return isRefusal(status) && status !== 429 && endings.every(({ name }) => name !== 'RateLimitedException');
}

/** Statuses of a proxy that stopped waiting: they refuse nothing. */
const STOPPED_WAITING = [408, 425, 444, 460, 499];

/** Whether the content type is a page or a text, which Lalamove never sends. */
const isPage = (headers: ReadonlyMap<string, string>): boolean =>
  /^text\//i.test(headers.get('content-type')?.trim() ?? '');

/** Whether a whole body can be a refusal of Lalamove: JSON with an error in it, or an empty body. */
function isOfLalamoves(status: number, text: string | undefined): boolean {
  if (text?.trim() === '') return [401, 402, 403, 404, 429].includes(status);
  const body = text === undefined ? undefined : parsed(text);
  if (!isRecord(body)) return false;
  const listed: unknown[] = Array.isArray(body.errors) ? body.errors : [body.errors];
  return [...listed, body].some((error) => speaks(error));
}

function isBelievable({ status, end, headers, body }: Extract<WireView, { kind: 'answer' }>): boolean {
  const texts = unpacked(body, headers.get('content-encoding') ?? '');
  return end === 'whole' && !isPage(headers) && texts.some((text) => isOfLalamoves(status, text));
}

/** The outcome of a call that books or cancels is unknown unless Lalamove itself refuses the call. */
function settled(operation: MutatedOperation, ending: Ending, isBelieved = false): Ending {
  if (!SPENDING.has(operation)) return ending;
  const { code, upstreamStatus } = ending;
  const refuses =
    upstreamStatus !== undefined && isRefusal(upstreamStatus) && !STOPPED_WAITING.includes(upstreamStatus);
  if (refuses && isBelieved) return ending;
  const kept = code.startsWith('LALAMOVE_') ? 'LALAMOVE_OUTCOME_UNKNOWN' : code;
  return { name: 'LalamoveOutcomeUnknownException', code: kept, upstreamStatus, cause: ending };
}

function broken(end: 'connection' | 'timeout', upstreamStatus: number | undefined): Ending {
  return end === 'timeout'
    ? { name: 'LalamoveTimeoutException', code: 'LALAMOVE_TIMEOUT', upstreamStatus }
    : { name: 'LalamoveConnectionException', code: 'LALAMOVE_CONNECTION', upstreamStatus };
}

const unreadableEnd = (upstreamStatus: number): Ending => ({
  name: 'LalamoveUnreadableResponseException',
  code: 'LALAMOVE_UNREADABLE_RESPONSE',
  upstreamStatus,
});

/** The class and code of a status without a known code. */
function byStatus(status: number): readonly [name: string, code: string] {
  if (status < 400) return ['LalamoveUnreadableResponseException', 'LALAMOVE_UNREADABLE_RESPONSE'];
  if (status >= 500 && status <= 599) return ['LalamoveServerException', 'LALAMOVE_SERVER_ERROR'];
  return BY_STATUS.get(status) ?? ['LalamoveException', 'LALAMOVE_UNKNOWN_ERROR'];
}

/** The code decides, then the status; if several codes are known, each of them is permitted. */
function refusals(
  { status, headers }: Extract<WireView, { kind: 'answer' }>,
  text: string | undefined,
  echo: Echo,
): Ending[] {
  const codes = text === undefined ? [] : codesIn(text, echo);
  const known = codes.filter((code) => CLASS_OF_CODE.has(code));
  const [name, stable] = byStatus(status);
  const named = known.length > 0 ? known : codes.length > 0 ? codes : [stable];
  return named.map((code) => ({
    name: CLASS_OF_CODE.get(code) ?? name,
    code,
    upstreamStatus: status,
    retryAfter: retryAfter(status, headers),
  }));
}

/** An unambiguous value is required: whole seconds up to a day, and none if no header contains a time. */
function retryAfter(status: number, headers: ReadonlyMap<string, string>): number | 'any' | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const told = headers.get('retry-after') ?? '';
  const plain = /^\d{1,5}$/.test(told) && Number(told) <= 86_400;
  if (plain && !headers.has('retry-after-ms')) return Number(told);
  const speaks = [...headers.keys()].some((name) => /^(?:retry-after|ratelimit)/.test(name));
  return speaks ? 'any' : undefined;
}

/** The codes that a body lists, in each of the shapes of Lalamove's errors. */
function codesIn(text: string, { apiKey, apiSecret, signature }: Echo): string[] {
  const body = parsed(text);
  if (!isRecord(body)) return [];
  const listed: unknown[] = Array.isArray(body.errors) ? body.errors : [body.errors];
  const inList = listed.flatMap((error) => codeOf(error));
  if (inList.length > 0 || listed.some((error) => speaks(error))) return inList;
  return codeOf(body);

  function codeOf(error: unknown): string[] {
    if (!isRecord(error)) return [];
    const [id, message] = [error.id, error.message].map((value) => (typeof value === 'string' ? value.trim() : ''));
    if (id === undefined || message === undefined) return [];
    if (/^[\w.:-]+$/.test(id) && !id.startsWith('LALAMOVE_') && !isSecret(id)) return [id];
    if (/^ERR_[A-Z0-9_]+$/.test(message)) return [message];
    return /^cannot edit order/i.test(message) ? ['ERR_ORDER_EDIT'] : [];
  }

  function isSecret(code: string): boolean {
    return [apiKey, apiSecret, signature].some((secret) => code.includes(secret));
  }
}

/** Whether an entry has a text, so that the body around it is ignored. */
function speaks(error: unknown): boolean {
  return (
    isRecord(error) &&
    [error.id, error.message, error.detail].some((text) => typeof text === 'string' && text.trim() !== '')
  );
}

/** The usable data of a success, in a box, because a cancellation returns `undefined`. */
function dataIn(operation: MutatedOperation, status: number, text: string | undefined): { value: unknown } | undefined {
  if (text === undefined || status < 200 || status > 299) return undefined;
  if (text.trim() === '') return operation === 'cancelOrder' ? { value: undefined } : undefined;
  // An id that is a number keeps its digits.
  const envelope = parsed(text.replace(/("\w+Id"\s*:\s*)(\d+)(?=\s*[,}])/g, '$1"$2"'));
  if (!isRecord(envelope) || !Object.hasOwn(envelope, 'data')) return undefined;
  const { data, errors } = envelope;
  if (errors !== undefined && !(Array.isArray(errors) && errors.length === 0)) return undefined;
  if (operation === 'cancelOrder') return { value: undefined };
  const id = isRecord(data) ? data[operation === 'createQuotation' ? 'quotationId' : 'orderId'] : undefined;
  return typeof id === 'string' && id !== '' ? { value: data } : undefined;
}

/** The texts as which a body can be read; `undefined` for a body that cannot be decompressed. */
function unpacked(body: Buffer, packed: string): (string | undefined)[] {
  const text = (bytes: Buffer): string => bytes.toString('utf8').replace(/^\ufeff/, '');
  const coding = packed.toLowerCase();
  if (coding === '' || coding === 'identity') return [text(body)];
  const lenient = { finishFlush: constants.Z_SYNC_FLUSH };
  // The strict way to decompress the body, and the results of lenient readers.
  const ways = new Map<string, (() => Buffer)[]>([
    ['gzip', [() => gunzipSync(body), () => unzipSync(body, lenient)]],
    ['x-gzip', [() => gunzipSync(body), () => unzipSync(body, lenient)]],
    [
      'deflate',
      [
        () => (isZlib(body) ? inflateSync(body) : inflateRawSync(body)),
        () => inflateSync(body, lenient),
        () => inflateRawSync(body, lenient),
        () => unzipSync(body, lenient),
      ],
    ],
    [
      'br',
      [
        () => brotliDecompressSync(body),
        () => brotliDecompressSync(body, { finishFlush: constants.BROTLI_OPERATION_FLUSH }),
      ],
    ],
  ]).get(coding);
  // A coding that some readers do not know: a reader may take the bytes as they are, or fail.
  if (ways === undefined) return [text(body), undefined];
  if (body.length === 0) return [''];
  const results = ways.map((way) => attempt(way));
  const [strict] = results;
  if (strict !== undefined) return [text(strict)];
  // The body may be uncompressed, in spite of its header.
  return [undefined, text(body), ...results.flatMap((result) => (result === undefined ? [] : [text(result)]))];
}

const isZlib = (bytes: Buffer): boolean => bytes[0] === 0x78;

function attempt(way: () => Buffer): Buffer | undefined {
  try {
    return way();
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
