import { rowOf, type LalamoveErrorCode } from '../../errors/error-catalog.js';

/** How a refusal's body is written: v3's list, v2's bare message, one object, nothing, or a gateway's page. */
export const REFUSAL_SHAPES = ['list', 'message', 'object', 'empty', 'html'] as const;

/** One of them. */
export type RefusalShape = (typeof REFUSAL_SHAPES)[number];

/** A refusal of the sandbox, thrown by its rules; status and text come from the error catalog. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly answer: RefusalAnswer;

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
  /** In the place of the catalog's text. */
  message?: string;
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

/** Codes that were observed without a text. */
const TEXTLESS: ReadonlySet<LalamoveErrorCode> = new Set<LalamoveErrorCode>(['ERR_INCORRECT_ADDRESS']);

/** A refusal as v2's guide has it: its own codes, 409 wherever the row knows it, and nothing but a message. */
export function inV2({ answer, v2 }: Refusal): RefusalAnswer {
  const { status, statuses } = rowOf(v2);
  // Codes of ours stand for answers that have none, whose status is their own.
  if (v2.startsWith('LALAMOVE_')) return { status, shape: 'empty', ...answer, code: v2 };
  return { code: v2, status: statuses.includes(409) ? 409 : status };
}

/** Writes a refusal. Codes of ours (`LALAMOVE_…`) stand for answers without a code, and are written without one. */
export function writeRefusal({
  code,
  status,
  shape = 'list',
  pointer,
  message,
  headers,
}: RefusalAnswer): WrittenAnswer {
  const row = rowOf(code);
  const id = code.startsWith('LALAMOVE_') ? undefined : code;
  const text = message ?? (TEXTLESS.has(code) ? undefined : row.message);
  const listed = { id, message: text, detail: pointer };
  const bodies: Record<RefusalShape, () => string> = {
    list: () => `${JSON.stringify({ errors: [listed] })}\n`,
    object: () => `${JSON.stringify({ errors: listed })}\n`,
    message: () => `${JSON.stringify({ message: id ?? row.message })}\n`,
    empty: () => '',
    html: () => '<html><body><h1>Bad Gateway</h1></body></html>\n',
  };
  const contentType = shape === 'html' ? 'text/html' : 'application/json; charset=utf-8';
  return { status: status ?? row.status, headers: { 'content-type': contentType, ...headers }, body: bodies[shape]() };
}
