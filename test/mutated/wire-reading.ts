/** What a server does after its last byte. */
export type Silence = 'close' | 'reset' | 'stall';

/** How an incomplete answer ends for the reader: the connection fails, or nothing more arrives. */
export type Break = 'connection' | 'timeout';

/** A reading of the bytes: no answer at all, or one with a head, and with a body that is whole or breaks off. */
export type WireView =
  | { kind: 'nothing'; end: Break }
  | { kind: 'answer'; status: number; headers: ReadonlyMap<string, string>; body: Buffer; end: 'whole' | Break };

/** An answer's bytes, read by the grammar of HTTP/1.1 (RFC 9112) alone. */
export interface WireReading {
  /** One view, or every view that the grammar permits if it leaves the choice to the reader. */
  views: readonly WireView[];
  /** Why there are several views. */
  doubts: readonly string[];
  /** Whether the answer is whole. */
  complete: boolean;
  /** The offset at which the answer ends; the number of bytes if it does not end. */
  end: number;
  /** Whether another request may follow on the same connection. */
  reusable: boolean;
}

/** The reading if nothing was written. */
export const NO_ANSWER: WireReading = {
  views: [{ kind: 'nothing', end: 'connection' }],
  doubts: [],
  complete: false,
  end: 0,
  reusable: false,
};

/** Node's limit for a head, and the distance from it within which the result is not checked. */
const HEAD_LIMIT = 16 * 1024;
const HEAD_DOUBT = 2500;

/** Node's parser accepts similar protocols as HTTP. */
const STATUS_LINE = /^(?:HTTP|RTSP|ICE)\/\d\.\d \d{3}(?: .*)?$/s;

interface Head {
  status: number;
  version: string;
  headers: Map<string, string>;
  lengths: string[];
}

interface Framing {
  body: Buffer;
  end: 'whole' | Break;
  /** The number of bytes that the body takes. */
  taken: number;
  /** Whether the body ends with the connection. */
  untilClose?: boolean;
}

/** Reads what a server wrote. */
export function readWire(bytes: Buffer, silence: Silence): WireReading {
  const stopped: Break = silence === 'stall' ? 'timeout' : 'connection';
  const doubts: string[] = [];
  const text = bytes.toString('latin1');
  let at = /^(?:\r?\n)*/.exec(text)?.[0].length ?? 0;
  if (at > 0) doubts.push('empty lines ahead of the status line');
  for (;;) {
    const end = /\r?\n\r?\n/g;
    end.lastIndex = at;
    const found = end.exec(text);
    const lines = text.slice(at, found ? found.index : undefined);
    const verdict = judgeHead(lines, found?.[0] ?? '', doubts);
    if (verdict === 'broken') return nothing(['connection'], doubts, bytes.length);
    if (!found) return nothing(doubts.length > 0 ? [stopped, 'connection'] : [stopped], doubts, bytes.length);
    const head = parseHead(lines);
    at = found.index + found[0].length;
    if (head.status >= 100 && head.status < 200 && head.status !== 101) continue;
    return readBody(head, bytes, at, stopped, silence, doubts);
  }
}

/**
 * The reading if a reset immediately follows the last byte: TCP may discard bytes that the client has not read by
 * then.
 */
export function maybeLost(reading: WireReading): WireReading {
  const doubts = [...reading.doubts, 'a reset on the heels of the last byte'];
  return { ...reading, views: [...reading.views, ...NO_ANSWER.views], doubts };
}

function nothing(ends: readonly Break[], doubts: readonly string[], end: number): WireReading {
  const views = [...new Set(ends)].map((why): WireView => ({ kind: 'nothing', end: why }));
  return { views, doubts: views.length > 1 ? doubts : [], complete: false, end, reusable: false };
}

/**
 * Checks a head, whole or cut: `broken` if no reader can continue. Adds a doubt for each point on which readers differ.
 */
function judgeHead(lines: string, terminator: string, doubts: string[]): 'fine' | 'broken' {
  const whole = terminator !== '';
  const size = lines.length;
  if (size > HEAD_LIMIT + HEAD_DOUBT) return 'broken';
  if (size > HEAD_LIMIT - HEAD_DOUBT) doubts.push('a head of about 16 KB');
  if (/(^|[^\r])\n/.test(lines + terminator)) doubts.push('bare line feeds');
  const [statusLine = '', ...headerLines] = lines.split(/\r?\n/);
  if (headerLines.length > 0 || whole) {
    if (!STATUS_LINE.test(statusLine)) return 'broken';
    if (!/^HTTP\/1\.[01] /.test(statusLine)) doubts.push('another protocol');
    if (/^HTTP\/\d\.\d 0/.test(statusLine)) doubts.push('a status below 100');
    if (/[^\t\x20-\x7e\x80-\xff]/.test(statusLine)) doubts.push('a control character in a reason');
  } else {
    const begun = statusLine.replace(/\r$/, '');
    const likely = ['HTTP/1.1 200 ', 'RTSP/1.0 200 ', 'ICE/1.0 200 '].map((rest) => begun + rest.slice(begun.length));
    if (!likely.some((line) => STATUS_LINE.test(line))) return 'broken';
    if (!likely.some((line) => /^HTTP\/1\.[01] /.test(line))) doubts.push('another protocol');
  }
  const sizes = headerLines.filter((line) => /^(?:content-length|transfer-encoding):/i.test(line));
  if (!whole && sizes.length > 1) doubts.push('a length twice, or beside chunks');
  for (const [index, line] of headerLines.entries()) {
    const cut = !whole && index === headerLines.length - 1;
    if (cut && line === '\r') continue;
    if (/^[ \t]/.test(line)) doubts.push('a folded header');
    else if (!(cut ? /^(?:[\w!#$%&'*+.^`|~-]+(?::[^]*)?)?$/ : /^[\w!#$%&'*+.^`|~-]+:/).test(line)) return 'broken';
    else if (/^content-length:(?!\s*\d{0,19}\s*$)/i.test(line)) return 'broken';
    else if (/[^\t\x20-\x7e\x80-\xff]/.test(cut ? line.replace(/\r$/, '') : line)) return 'broken';
  }
  return 'fine';
}

function parseHead(lines: string): Head {
  const [statusLine = '', ...headerLines] = lines.split(/\r?\n/);
  const headers = new Map<string, string>();
  const lengths: string[] = [];
  for (const line of headerLines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'content-length') lengths.push(value);
    const earlier = headers.get(name);
    if (earlier === undefined) headers.set(name, value);
    else if (name === 'connection') headers.set(name, `${earlier}, ${value}`);
  }
  return { status: Number(statusLine.slice(9, 12)), version: statusLine.slice(5, 8), headers, lengths };
}

function readBody(
  head: Head,
  bytes: Buffer,
  at: number,
  stopped: Break,
  silence: Silence,
  doubts: string[],
): WireReading {
  const { status, headers, lengths, version } = head;
  const rest = bytes.subarray(at);
  const coding = headers.get('transfer-encoding')?.toLowerCase();
  // Different lengths, or a length that is no number, break any answer, even one without a body.
  if (lengths.some((length) => length !== lengths[0] || !/^\d{1,18}$/.test(length)))
    return nothing(['connection'], doubts, bytes.length);
  if (lengths.length > 1) doubts.push('the same length twice');
  const framings = framingsOf(head, rest, silence, doubts);
  if (status === 101) doubts.push('an upgrade that nobody asked for');
  if (coding !== undefined && lengths.length > 0) doubts.push('a length and a transfer coding');
  if (coding !== undefined && version === '1.0') doubts.push('a transfer coding in HTTP/1.0');
  const views = framings.map(({ body, end }): WireView => ({ kind: 'answer', status, headers, body, end }));
  if (doubts.length > 0) views.push({ kind: 'nothing', end: 'connection' });
  if (status === 101) views.push({ kind: 'nothing', end: 'timeout' });
  const [first] = framings;
  const complete = first?.end === 'whole';
  return {
    views,
    doubts: views.length > 1 ? doubts : [],
    complete,
    end: complete ? at + first.taken : bytes.length,
    // A reader that sees a broken answer closes the connection itself. A reader that waits for the end of the
    // connection needs the server to close it.
    reusable: complete && !first.untilClose && staysOpen(version, headers) && (coding ?? 'chunked') === 'chunked',
  };

  /** The body as each reader that follows the grammar may read it; the most likely reading comes first. */
  function framingsOf(of: Head, from: Buffer, behind: Silence, unsure: string[]): Framing[] {
    if (of.status === 101 || of.status === 204 || of.status === 304)
      return [{ body: Buffer.alloc(0), end: 'whole', taken: 0 }];
    if (coding !== undefined) {
      if (coding === 'chunked') return [chunks(from, stopped)];
      unsure.push('another transfer coding');
      return [...(coding.endsWith('chunked') ? [chunks(from, stopped)] : []), ...untilClose(from, behind, unsure)];
    }
    const [length] = of.lengths;
    if (length === undefined) return untilClose(from, behind, unsure);
    const size = Number(length);
    const body = from.subarray(0, size);
    return [{ body, end: body.length === size ? 'whole' : stopped, taken: body.length }];
  }
}

/** HTTP/1.1 leaves a connection open unless a header closes it, HTTP/1.0 closes it by default (RFC 9112 §9.3). */
function staysOpen(version: string, headers: ReadonlyMap<string, string>): boolean {
  const said = headers.get('connection') ?? '';
  return !/close/i.test(said) && (version === '1.1' || /keep-alive/i.test(said));
}

/** A body that ends with its connection. A reset ends it too, and some systems report a reset as a normal end. */
function untilClose(body: Buffer, silence: Silence, doubts: string[]): Framing[] {
  const framing = { body, taken: body.length, untilClose: true };
  if (silence === 'stall') return [{ ...framing, end: 'timeout' }];
  if (silence === 'close') return [{ ...framing, end: 'whole' }];
  doubts.push('a reset behind a body that ends with the connection');
  return [
    { ...framing, end: 'connection' },
    { ...framing, end: 'whole' },
  ];
}

/** Parses a chunked body (RFC 9112 §7.1). */
function chunks(bytes: Buffer, stopped: Break): Framing {
  const text = bytes.toString('latin1');
  const parts: Buffer[] = [];
  const ended = (end: Framing['end'], taken: number): Framing => ({ body: Buffer.concat(parts), end, taken });
  for (let at = 0; ;) {
    const feed = text.indexOf('\n', at);
    const line = text.slice(at, feed < 0 ? undefined : feed + 1);
    if (feed < 0 && /^(?:[0-9a-f]{0,15}|[0-9a-f]{1,15};(?:\w[\w=]*\r?)?|[0-9a-f]{1,15}\r)$/i.test(line))
      return ended(stopped, at);
    const size = /^([0-9a-f]{1,15})(?:;\w[\w=]*)?\r\n$/i.exec(line)?.[1];
    if (size === undefined) return ended('connection', at);
    at += line.length;
    const length = Number.parseInt(size, 16);
    if (length === 0) return trailers(at);
    parts.push(bytes.subarray(at, at + length));
    if (at + length > bytes.length) return ended(stopped, bytes.length);
    at += length;
    const mark = text.slice(at, at + 2);
    if (mark !== '\r\n') return ended('\r\n'.startsWith(mark) ? stopped : 'connection', at);
    at += 2;
  }

  function trailers(from: number): Framing {
    for (let at = from; ;) {
      const feed = text.indexOf('\n', at);
      const line = text.slice(at, feed < 0 ? undefined : feed + 1);
      if (line === '\r\n') return ended('whole', at + 2);
      if (feed < 0) return ended(/^(?:[\w-]+(?::[\t\x20-\x7e]*)?)?\r?$/.test(line) ? stopped : 'connection', at);
      if (!/^[\w-]+:[\t\x20-\x7e]*\r\n$/.test(line)) return ended('connection', at);
      at += line.length;
    }
  }
}
