import { readRateLimit } from '../api/rate-limit-headers.js';
import type { Answer, NoAnswer } from '../doctor/http-exchange.js';
import { readErrorBody } from '../errors/error-body.js';
import { isRecord } from '../internal/is-record.js';
import { parsedJson } from '../internal/parsed-json.js';
import type { StepRun } from './scenario-run.js';
import { formsOf, type Forms } from './value-forms.js';

/** In what two answers differ. */
export type DifferenceKind =
  'answer' | 'status' | 'body' | 'codes' | 'pointers' | 'member' | 'type' | 'header' | 'content-type' | 'limit';

/** One difference between the API and the sandbox. It names forms and codes, and no personal data. */
export interface Difference {
  /** The step of the scenario. */
  readonly step: string;
  readonly kind: DifferenceKind;
  /** The member or the header; empty for the whole answer. */
  readonly at: string;
  /** What the API answers. */
  readonly target: string;
  /** What the sandbox answers. */
  readonly reference: string;
}

/** A step that was not compared. */
export interface NotCompared {
  readonly step: string;
  readonly why: string;
}

/** Headers of the connection, and of content. */
const IGNORED_HEADERS = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'content-encoding',
]);

const ABSENT = 'absent';

/** Compares two runs of the scenario, step by step. Values (ids, times, prices, texts) are not compared. */
export function compareRuns(
  target: readonly StepRun[],
  reference: readonly StepRun[],
): { differences: Difference[]; notCompared: NotCompared[] } {
  const differences: Difference[] = [];
  const notCompared: NotCompared[] = [];
  for (const [index, ours] of target.entries()) {
    const theirs = reference[index];
    const { name } = ours.step;
    const why = theirs ? whyNot(ours, theirs) : 'the sandbox was stopped before it';
    if (why !== undefined || !theirs?.answer || !ours.answer) {
      if (why !== undefined) notCompared.push({ step: name, why });
      continue;
    }
    const found = compareAnswers(ours.answer, theirs.answer);
    differences.push(...found.map((difference) => ({ step: name, ...difference })));
  }
  return { differences, notCompared };
}

function whyNot(ours: StepRun, theirs: StepRun): string | undefined {
  if (ours.answer === undefined && theirs.answer === undefined) {
    return ours.step.name === 'get-driver' ? 'no driver was assigned' : 'an earlier step failed';
  }
  if (ours.answer === undefined) return 'it could not be sent to the API, because an earlier step failed';
  if (theirs.answer === undefined) return 'it could not be sent to the sandbox';
  if (!ours.step.dependsOnDriver || ours.orderStatus === theirs.orderStatus) return undefined;
  return `the order was ${ours.orderStatus ?? 'unknown'} there, and ${theirs.orderStatus ?? 'unknown'} in the sandbox`;
}

type Found = Omit<Difference, 'step'>;

function compareAnswers(target: Answer | NoAnswer, reference: Answer | NoAnswer): Found[] {
  if (!('status' in target) || !('status' in reference)) {
    const [ours, theirs] = [target, reference].map((each) => ('status' in each ? String(each.status) : each.code));
    return ours === theirs ? [] : [{ kind: 'answer', at: '', target: ours ?? '', reference: theirs ?? '' }];
  }
  return [
    ...(target.status === reference.status
      ? []
      : [difference('status', '', String(target.status), String(reference.status))]),
    ...compareBodies(target, reference),
    ...compareHeaders(target, reference),
  ];
}

function difference(kind: DifferenceKind, at: string, target: string, reference: string): Found {
  return { kind, at, target, reference };
}

function compareBodies(target: Answer, reference: Answer): Found[] {
  const [ours, theirs] = [parsedJson(target.text), parsedJson(reference.text)];
  const forms = [formOf(target.text, ours), formOf(reference.text, theirs)] as const;
  if (forms[0] !== forms[1]) return [difference('body', '', ...forms)];
  const errors = compareErrors(target, reference);
  // A success and an error have nothing in common.
  if (target.status < 400 !== reference.status < 400) return errors;
  return [...errors, ...compareForms(formsOf(ours), formsOf(theirs), !isSameProgress(ours, theirs))];
}

function formOf(text: string, value: unknown): string {
  if (text.trim() === '') return 'empty';
  if (value !== undefined) return 'JSON';
  return /^\s*</.test(text) ? 'HTML' : 'text';
}

/** Whether two orders have the same status: else members that drivers add may differ. */
function isSameProgress(ours: unknown, theirs: unknown): boolean {
  const [one, other] = [ours, theirs].map((body) =>
    isRecord(body) && isRecord(body.data) ? body.data.status : undefined,
  );
  return one === other;
}

function compareErrors(target: Answer, reference: Answer): Found[] {
  const [ours, theirs] = [errorsOf(target), errorsOf(reference)];
  return (['codes', 'pointers'] as const).flatMap((kind) =>
    ours[kind] === theirs[kind] ? [] : [difference(kind, '', ours[kind], theirs[kind])],
  );
}

function errorsOf({ status, text }: Answer): { codes: string; pointers: string } {
  const errors = status < 400 ? [] : readErrorBody(text, (it) => it).errors;
  const joined = (list: readonly (string | undefined)[]): string => {
    const named = list.filter((each) => each !== undefined);
    return named.length === 0 ? 'none' : [...new Set(named)].sort().join(' ');
  };
  return { codes: joined(errors.map(({ code }) => code)), pointers: joined(errors.map(({ pointer }) => pointer)) };
}

/** Price items that are zero are left out, so only these can be expected. */
const PRICE_ITEMS = /\bpriceBreakdown\.(?!base$|total$|currency$)/;
const DRIVER_MEMBERS = /\b(driverId|POD|POP|delivery_code)\b/;

function compareForms(ours: Forms, theirs: Forms, isProgressOther: boolean): Found[] {
  const paths = [...new Set([...ours.keys(), ...theirs.keys()])].sort();
  return paths.flatMap((path): Found[] => {
    if (isProgressOther && DRIVER_MEMBERS.test(path)) return [];
    const [target, reference] = [ours.get(path), theirs.get(path)];
    if (target === undefined || reference === undefined) {
      const isMinor = PRICE_ITEMS.test(path) || isBelowAbsent(path, target === undefined ? ours : theirs);
      return isMinor ? [] : [difference('member', path, target ?? ABSENT, reference ?? ABSENT)];
    }
    return target === reference ? [] : [difference('type', path, target, reference)];
  });
}

/** Whether the parent is absent too, or an empty list. Then only the parent counts. */
function isBelowAbsent(path: string, forms: Forms): boolean {
  const parent = path.endsWith('[]') ? path.slice(0, -2) : path.replace(/\.[^.]*$/, '');
  if (parent === path || parent === '') return false;
  return !forms.has(parent) || forms.get(parent) === 'empty list';
}

function compareHeaders(target: Answer, reference: Answer): Found[] {
  const [ours, theirs] = [target.headers, reference.headers];
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].filter(
    (name) => !IGNORED_HEADERS.has(name),
  );
  const missing = names.sort().flatMap((name): Found[] => {
    const there = (value: string | undefined): string => (value === undefined ? ABSENT : 'present');
    const [one, other] = [there(ours[name]), there(theirs[name])];
    return one === other ? [] : [difference('header', name, one, other)];
  });
  const types = [ours, theirs].map((headers) => (headers['content-type'] ?? ABSENT).toLowerCase().replace(/\s/g, ''));
  const limits = [ours, theirs].map((headers) => String(readRateLimit(headers).limit ?? ABSENT));
  const both = ours['content-type'] !== undefined && theirs['content-type'] !== undefined;
  return [
    ...missing,
    ...(both && types[0] !== types[1] ? [difference('content-type', '', types[0] ?? '', types[1] ?? '')] : []),
    ...(limits.includes(ABSENT) || limits[0] === limits[1]
      ? []
      : [difference('limit', '', limits[0] ?? '', limits[1] ?? '')]),
  ];
}
