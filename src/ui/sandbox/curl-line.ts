/** What is sent again. */
export interface RepeatedRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Headers that belong to one connection, or that curl writes itself. */
const LEFT_OUT = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'accept-encoding',
  'keep-alive',
  'accept',
  'user-agent',
  'expect',
]);

/** The same request as a line for a POSIX shell. */
export function curlLine(base: string, { method, path, body, headers }: RepeatedRequest): string {
  // Otherwise curl takes brackets and braces for a list of addresses, and leaves out the dots of a path.
  const verbatim = `${/[[\]{}]/.test(path) ? '-g ' : ''}${/\/\.{1,2}(\/|$|\?)/.test(path) ? '--path-as-is ' : ''}`;
  const verb = method === 'GET' && body === '' ? '' : method === 'HEAD' ? '-I ' : `-X ${method} `;
  const parts = [`curl -i ${verb}${verbatim}${quoted(`${base}${path}`)}`];
  for (const [name, value] of Object.entries(headers)) {
    if (!LEFT_OUT.has(name)) parts.push(`-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`);
  }
  // Curl would name a type of its own. And --data would take a body that begins with @ for the name of a file.
  if (body !== '' && headers['content-type'] === undefined) parts.push("-H 'content-type:'");
  if (body !== '') parts.push(`--data-raw ${quoted(body)}`);
  return parts.join(' \\\n  ');
}

/** A text in single quotation marks: the shell changes nothing in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
