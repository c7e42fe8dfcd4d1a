import { rowOf, type LalamoveErrorCode } from '../../errors/error-catalog.js';

/** All forms, for a check at run time. */
export const REFUSAL_SHAPES = ['list', 'message', 'object', 'empty', 'html'] as const;

/**
 * A form of a refusal's body: the list of v3, the bare message of v2, one object, an empty body, or an HTML page of a
 * gateway.
 */
export type RefusalShape = (typeof REFUSAL_SHAPES)[number];

/** Thrown by the sandbox's rules to refuse a request. Status and message come from the error catalog. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly answer: RefusalAnswer;
  /** The other errors of the same request. */
  readonly others: Refusal[] = [];

  /**
   * @param details a JSON pointer to the invalid member, sent as `detail`; or an object with more
   * @param v2 the code in the guide of v2, if it is a different one
   */
  constructor(
    code: LalamoveErrorCode,
    details: string | Omit<RefusalAnswer, 'code'> = {},
    readonly v2: LalamoveErrorCode = V2_CODES[code] ?? code,
  ) {
    super(code);
    this.answer = { code, ...(typeof details === 'string' ? { pointer: details } : details) };
  }
}

/** An answer as it is sent. */
export interface WrittenAnswer {
  status: number;
  headers?: Readonly<Record<string, string>> | undefined;
  body: string;
}

/** The answer that Lalamove would send for a code of the error catalog. */
export interface RefusalAnswer {
  code: LalamoveErrorCode;
  /** One of the statuses of the code's row in the catalog; by default the first one. */
  status?: number;
  /** `'list'` by default. */
  shape?: RefusalShape;
  /** A JSON pointer, sent as `detail`. */
  pointer?: string;
  /** Replaces the message that is known for the code; `''` sends none. */
  message?: string;
  /** Further errors in the same answer. */
  more?: readonly RefusalAnswer[];
  headers?: Readonly<Record<string, string>>;
}

/**
 * The code in the guide of v2, for codes that are new in v3. Codes that start with `LALAMOVE_` stand for a bare status.
 */
const V2_CODES: Readonly<Partial<Record<LalamoveErrorCode, LalamoveErrorCode>>> = {
  ERR_BAD_REQUEST: 'ERR_INVALID_PARAMS',
  ERR_CANCELLATION: 'ERR_CANCELLATION_FORBIDDEN',
  ERR_DRIVER_NOT_FOUND: 'LALAMOVE_NOT_FOUND',
  ERR_INCORRECT_ADDRESS: 'ERR_REVERSE_GEOCODE_FAILURE',
  ERR_INVALID_FIELD: 'ERR_INVALID_PARAMS',
  ERR_INVALID_MARKET: 'ERR_INVALID_COUNTRY',
  ERR_MISSING_FIELD: 'ERR_REQUIRED_FIELD',
  ERR_ORDER_NOT_FOUND: 'LALAMOVE_NOT_FOUND',
  ERR_RATE_LIMIT_EXCEEDED: 'LALAMOVE_RATE_LIMITED',
};

/** Lalamove's own messages, as recorded. Codes that are not listed are sent without a message. */
const TEXTS: Readonly<Partial<Record<LalamoveErrorCode, string>>> = {
  ERR_CANCELLATION: 'Cannot cancel order.',
  ERR_DRIVER_NOT_FOUND: 'Driver not found.',
  ERR_INVALID_RESPONSE: 'Non-200 response received',
  ERR_INVALID_TIPS: 'The amount you attempted to add should be higher than previous priority fee.',
  ERR_ORDER_EDIT: 'Cannot edit order',
  ERR_ORDER_NOT_FOUND: 'Order not found.',
  ERR_OUT_OF_SERVICE_AREA: 'Given latitude/longitude is out of service area.',
  ERR_REQUIRED_FIELD: 'Please verify your field.',
};

/** Codes that the schema validation of v3 replaces by `ERR_INVALID_FIELD` (observed). */
const OLDER_CODES: ReadonlySet<LalamoveErrorCode> = new Set<LalamoveErrorCode>([
  'ERR_INSUFFICIENT_STOPS',
  'ERR_INVALID_PHONE_NUMBER',
  'ERR_INVALID_SCHEDULE_TIME',
  'ERR_INVALID_SERVICE_TYPE',
  'ERR_INVALID_SPECIAL_REQUEST',
  'ERR_TOO_MANY_STOPS',
]);

/** Codes that have a pointer under schema validation (observed). */
const POINTED: ReadonlySet<LalamoveErrorCode> = new Set<LalamoveErrorCode>([
  'ERR_INVALID_FIELD',
  'ERR_MISSING_FIELD',
  'ERR_REQUIRED_FIELD',
]);

/** The status of a refusal in v3. */
export function statusOf({ answer }: Refusal): number {
  return answer.status ?? rowOf(answer.code).status;
}

/** A refusal in the form of v3's schema validation: `ERR_INVALID_FIELD` with a pointer, all errors in one answer. */
export function inSchema(refusal: Refusal): RefusalAnswer {
  const [first, ...more] = [refusal, ...refusal.others].map(({ answer }) => schemaAnswer(answer));
  return { ...(first ?? refusal.answer), ...(more.length > 0 && { more }) };
}

function schemaAnswer({ pointer, ...answer }: RefusalAnswer): RefusalAnswer {
  const isOlder = OLDER_CODES.has(answer.code) && pointer !== undefined;
  const code = isOlder ? 'ERR_INVALID_FIELD' : answer.code;
  return { ...answer, code, ...(pointer !== undefined && POINTED.has(code) && { pointer }) };
}

/** A refusal in the form of the guide of v2: its own codes, 409 if the catalog's row allows it, and only a message. */
export function inV2({ answer, v2 }: Refusal): RefusalAnswer {
  const { status, statuses } = rowOf(v2);
  // Codes that start with `LALAMOVE_` stand for answers without a code, and have their own status.
  if (v2.startsWith('LALAMOVE_')) return { status, shape: 'empty', ...answer, code: v2 };
  return { code: v2, status: statuses.includes(409) ? 409 : status };
}

/** Writes a refusal. Codes that start with `LALAMOVE_` stand for answers without a code, so no code is written. */
export function writeRefusal(refusal: RefusalAnswer): WrittenAnswer {
  const { code, status, shape = 'list', headers, more = [] } = refusal;
  const row = rowOf(code);
  const id = code.startsWith('LALAMOVE_') ? undefined : code;
  // For a refused edit the guide has only a message. For answers without a code no text is known.
  const bare = code === 'ERR_ORDER_EDIT' ? (refusal.message ?? TEXTS[code]) : id;
  const message = id === undefined ? refusal.message : bare;
  const isEmpty = id === undefined && refusal.message === undefined;
  const json = (body: unknown): string => (isEmpty ? '' : `${JSON.stringify(body)}\n`);
  const bodies: Record<RefusalShape, () => string> = {
    list: () => json({ errors: [refusal, ...more].map(listed) }),
    object: () => json({ errors: listed(refusal) }),
    message: () => json({ message }),
    empty: () => '',
    html: () => '<html><body><h1>Bad Gateway</h1></body></html>\n',
  };
  const contentType = shape === 'html' ? 'text/html' : 'application/json; charset=utf-8';
  return { status: status ?? row.status, headers: { 'content-type': contentType, ...headers }, body: bodies[shape]() };
}

function listed({ code, message, pointer }: RefusalAnswer): object {
  const id = code.startsWith('LALAMOVE_') ? undefined : code;
  const text = message ?? TEXTS[code];
  return { id, message: text === '' ? undefined : text, detail: pointer };
}
