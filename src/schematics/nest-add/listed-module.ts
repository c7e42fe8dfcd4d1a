import { codeOf } from './code-of.js';
import type { MetadataManagerClass } from './metadata-manager.js';

/** Stands for the module until its place in the list is known. */
const PLACE = '__lalamoveModule__';

/**
 * Adds a module to the imports of the root module, on lines of its own as prettier writes them.
 *
 * @param registration with an indentation of 2 within it
 * @returns `undefined` if the imports cannot be changed
 */
export function withListed(
  content: string,
  registration: string,
  MetadataManager: MetadataManagerClass,
): string | undefined {
  const marked = new MetadataManager(content).insert('imports', PLACE);
  const place = marked?.indexOf(PLACE) ?? -1;
  if (marked === undefined || place === -1) return undefined;
  const code = codeOf(marked, false);
  const start = openBracket(code, place);
  const end = code.indexOf(']', place);
  const lineStart = marked.lastIndexOf('\n', place) + 1;
  const isBroken = lineStart > start;
  const outer = indentationAt(marked, start);
  const inner = isBroken ? indentationAt(marked, place) : `${outer}  `;
  const module = registration.replaceAll('\n', `\n${inner}`);
  if (isBroken) return marked.slice(0, place) + module + marked.slice(place + PLACE.length);
  const others = elements(marked.slice(start + 1, place), code.slice(start + 1, place));
  const lines = [...others, module].map((element) => `${inner}${element},\n`);
  return `${marked.slice(0, start + 1)}\n${lines.join('')}${outer}${marked.slice(end)}`;
}

/** The place of the bracket that opens the list around a place. */
function openBracket(code: string, place: number): number {
  let depth = 0;
  for (let at = place - 1; at >= 0; at -= 1) {
    if (code[at] === ']') depth += 1;
    else if (code[at] === '[') depth -= 1;
    if (depth < 0) return at;
  }
  return 0;
}

/** The elements of a list on one line. */
function elements(text: string, code: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [at, character] of code.split('').entries()) {
    if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    else if (character === ',' && depth === 0) {
      found.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...found, text.slice(start)].map((element) => element.trim()).filter((element) => element !== '');
}

function indentationAt(content: string, place: number): string {
  return /^[ \t]*/.exec(content.slice(content.lastIndexOf('\n', place - 1) + 1))?.[0] ?? '';
}
