import { rowOf, type LalamoveErrorCode } from '../errors/error-catalog.js';

/** How a refusal's body is written: v3's list, v2's bare message, one object, nothing, or a gateway's page. */
export type RefusalShape = 'list' | 'message' | 'object' | 'empty' | 'html';

/** A refusal of the sandbox, thrown by its rules; status and text come from the error catalog. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly answer: RefusalAnswer;

  /** @param details a JSON pointer to the fault, sent as `detail`; or more */
  constructor(code: LalamoveErrorCode, details: string | Omit<RefusalAnswer, 'code'> = {}) {
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
  headers?: Readonly<Record<string, string>>;
}

/** Writes a refusal. Codes of ours (`LALAMOVE_…`) stand for answers without a code, and are written without one. */
export function writeRefusal({ code, status, shape = 'list', pointer, headers }: RefusalAnswer): WrittenAnswer {
  const row = rowOf(code);
  const id = code.startsWith('LALAMOVE_') ? undefined : code;
  const listed = { id, message: row.message, detail: pointer };
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
