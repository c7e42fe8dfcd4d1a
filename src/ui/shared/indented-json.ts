const TOKEN = /"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+|[{}[\],:]/g;

/** Deeper JSON would be mostly blanks. */
const MAX_DEPTH = 60;

/**
 * JSON with indentation, and otherwise as it was sent: with all digits of numbers, and members that are there twice.
 *
 * @returns `undefined` for what is no JSON, or too deep
 */
export function indentedJson(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const parts: string[] = [];
  let depth = 0;
  let before = '';
  const line = (): string => `\n${'  '.repeat(depth)}`;
  for (const [token] of text.matchAll(TOKEN)) {
    const isEnd = token === '}' || token === ']';
    const isFirst = before === '{' || before === '[';
    if (isEnd) depth -= 1;
    if (isEnd ? !isFirst : isFirst || before === ',') parts.push(line());
    parts.push(token === ':' ? ': ' : token);
    if (token === '{' || token === '[') depth += 1;
    if (depth > MAX_DEPTH) return undefined;
    before = token;
  }
  return parts.join('');
}
