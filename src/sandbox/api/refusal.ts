import { rowOf, type LalamoveErrorCode } from '../../errors/error-catalog.js';

/** How a refusal's body is written: v3's list, v2's bare message, one object, nothing, or a gateway's page. */
export const REFUSAL_SHAPES = ['list', 'message', 'object', 'empty', 'html'] as const;

/** One of them. */
export type RefusalShape = (typeof REFUSAL_SHAPES)[number];

/** A refusal of the sandbox, thrown by its rules; status and text come from the error catalog. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly answer: RefusalAnswer;
  /** What else is wrong with the request. */
  readonly others: Refusal[] = [];

  /**
   * @param details a JSON pointer to the fault, sent as `detail`; or more
   * @param v2 the code that v2's guide has for it, where that is another one
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

/** An answer as it goes onto the wire. */
export interface WrittenAnswer {
  status: number;
  headers?: Readonly<Record<string, string>> | undefined;
  body: string;
}

/** What Lalamove would send for a code of the error catalog. */
export interface RefusalAnswer {
  code: LalamoveErrorCode;
  /** One of the statuses of its row; the row's first by default. */
  status?: number;
  /** `'list'` by default. */
  shape?: RefusalShape;
  /** A JSON pointer, sent as `detail`. */
  pointer?: string;
  /** In the place of the text that is known for the code; `''` for none. */
  message?: string;
  /** Further errors of the same answer. */
  more?: readonly RefusalAnswer[];
  headers?: Readonly<Record<string, string>>;
}

/** What v2's guide calls what v3 has another code for; codes of ours stand for bare statuses. */
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

/** Lalamove's own texts, as recorded; where none is known, none is sent. */
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

/** What the schema of v3 refuses as `ERR_INVALID_FIELD`, and had codes of its own before (observed). */
const OLDER_CODES: ReadonlySet<LalamoveErrorCode> = new Set<LalamoveErrorCode>([
  'ERR_INSUFFICIENT_STOPS',
  'ERR_INVALID_PHONE_NUMBER',
  'ERR_INVALID_SCHEDULE_TIME',
  'ERR_INVALID_SERVICE_TYPE',
  'ERR_INVALID_SPECIAL_REQUEST',
  'ERR_TOO_MANY_STOPS',
]);

/** The codes that come with a pointer where the schema validates (observed). */
const POINTED: ReadonlySet<LalamoveErrorCode> = new Set<LalamoveErrorCode>([
  'ERR_INVALID_FIELD',
  'ERR_MISSING_FIELD',
  'ERR_REQUIRED_FIELD',
]);

/** The status of a refusal in v3. */
export function statusOf({ answer }: Refusal): number {
  return answer.status ?? rowOf(answer.code).status;
}

/** A refusal as v3's schema has it: `ERR_INVALID_FIELD` with a pointer, and all that is wrong at once. */
export function inSchema(refusal: Refusal): RefusalAnswer {
  const [first, ...more] = [refusal, ...refusal.others].map(({ answer }) => schemaAnswer(answer));
  return { ...(first ?? refusal.answer), ...(more.length > 0 && { more }) };
}

function schemaAnswer({ pointer, ...answer }: RefusalAnswer): RefusalAnswer {
  const isOlder = OLDER_CODES.has(answer.code) && pointer !== undefined;
  const code = isOlder ? 'ERR_INVALID_FIELD' : answer.code;
  return { ...answer, code, ...(pointer !== undefined && POINTED.has(code) && { pointer }) };
}

/** A refusal as v2's guide has it: its own codes, 409 wherever the row knows it, and nothing but a message. */
export function inV2({ answer, v2 }: Refusal): RefusalAnswer {
  const { status, statuses } = rowOf(v2);
  // Codes of ours stand for answers that have none, whose status is their own.
  if (v2.startsWith('LALAMOVE_')) return { status, shape: 'empty', ...answer, code: v2 };
  return { code: v2, status: statuses.includes(409) ? 409 : status };
}

/** Writes a refusal. Codes of ours (`LALAMOVE_…`) stand for answers without a code, and are written without one. */
export function writeRefusal(refusal: RefusalAnswer): WrittenAnswer {
  const { code, status, shape = 'list', headers, more = [] } = refusal;
  const row = rowOf(code);
  const id = code.startsWith('LALAMOVE_') ? undefined : code;
  // The guide has words alone for an edit that cannot be, and nothing of Lalamove's is known for what has no code.
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
